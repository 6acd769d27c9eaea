package dev.podsnapshot.matching;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Comparator;

/**
 * When a snapshot was made, finer than the API server's whole seconds: many are made within one,
 * and both "the newest" and "the oldest go first" must hold for them. The name decides between
 * equals.
 */
public final class SnapshotAge {
  public static final Comparator<PodSnapshot> OLDEST_FIRST =
      Comparator.comparing(SnapshotAge::created).thenComparing(s -> s.getMetadata().getName());

  private SnapshotAge() {}

  /** The time that the controller noted, or else the API server's. */
  public static Instant created(PodSnapshot snapshot) {
    var meta = snapshot.getMetadata();
    var noted =
        meta.getAnnotations() == null ? null : meta.getAnnotations().get(PodSnapshotApi.CREATED_AT);
    if (noted != null) {
      try {
        return Instant.parse(noted);
      } catch (DateTimeException e) {
        // not ours: the API server's time holds
      }
    }
    return Instant.parse(meta.getCreationTimestamp());
  }
}
