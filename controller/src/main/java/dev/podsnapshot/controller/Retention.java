package dev.podsnapshot.controller;

import dev.podsnapshot.api.AgeLimit;
import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.SnapshotAge;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which snapshots of a policy have outlived it (reference, sections 2.2 and 2A). Pure. */
final class Retention {
  private Retention() {}

  static Duration timeout(String text) {
    try {
      return AgeLimit.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "spec.retentionConfig.lastAccessTimeout: " + e.getMessage(), e);
    }
  }

  /** When the snapshot expires: counted from its last restore, or else from its creation. */
  static Optional<Instant> expiry(PodSnapshot snapshot, PodSnapshotPolicySpec policy) {
    if (policy.retentionConfig() == null || !settled(snapshot)) {
      return Optional.empty();
    }
    var used = snapshot.getStatus().lastAccessTime();
    var since = used != null ? used.toInstant() : begin(snapshot);
    return Optional.of(since.plus(timeout(policy.retentionConfig().lastAccessTimeout())));
  }

  /**
   * The snapshots that the policy's group limit keeps no longer: in each group, those that have the
   * policy's number of newer ones that are Ready. One that is not Ready crowds nobody out, and goes
   * itself only if it has failed.
   *
   * @param snapshots of the policy
   */
  static List<PodSnapshot> crowdedOut(
      PodSnapshotPolicySpec policy, Collection<PodSnapshot> snapshots) {
    var max = policy.maxSnapshotCountPerGroup();
    if (max == 0) {
      return List.of();
    }
    var keys = policy.groupingLabels();
    var newestFirst =
        snapshots.stream()
            .filter(s -> s.getMetadata().getDeletionTimestamp() == null)
            .filter(Retention::settled)
            .sorted(SnapshotAge.OLDEST_FIRST.reversed())
            .toList();
    var readyOfGroup = new HashMap<Map<String, String>, Long>();
    var result = new ArrayList<PodSnapshot>();
    for (var snapshot : newestFirst) {
      var group = group(snapshot, keys);
      var newer = readyOfGroup.getOrDefault(group, 0L);
      if (newer >= max) {
        result.add(snapshot);
      } else if (ready(snapshot)) {
        readyOfGroup.put(group, newer + 1);
      }
    }
    return result;
  }

  /** Since when it can be restored; a workload may take days before it asks for its snapshot. */
  private static Instant begin(PodSnapshot snapshot) {
    return Conditions.find(snapshot.getStatus().conditions(), Conditions.READY)
        .filter(c -> "True".equals(c.getStatus()))
        .map(c -> Instant.parse(c.getLastTransitionTime()))
        .orElseGet(() -> SnapshotAge.created(snapshot));
  }

  /** Ready or failed: what is under way neither expires nor crowds out. */
  private static boolean settled(PodSnapshot snapshot) {
    return ready(snapshot)
        || (snapshot.getStatus() != null
            && (Conditions.isFalse(snapshot.getStatus().conditions(), Conditions.CHECKPOINT)
                || Conditions.isFalse(
                    snapshot.getStatus().conditions(), Conditions.STORAGE_REPLICATED)));
  }

  private static boolean ready(PodSnapshot snapshot) {
    return snapshot.getStatus() != null
        && Conditions.isTrue(snapshot.getStatus().conditions(), Conditions.READY);
  }

  private static Map<String, String> group(PodSnapshot snapshot, List<String> keys) {
    var labels = snapshot.getMetadata().getLabels();
    return labels == null ? Map.of() : Matching.group(keys, labels);
  }
}
