package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.kubernetes.api.model.Condition;
import java.time.ZonedDateTime;
import java.util.List;

public record PodSnapshotStatus(
    List<Condition> conditions,
    @JsonPropertyDescription("The last time this snapshot was used to restore a Pod.")
        ZonedDateTime lastAccessTime,
    @JsonPropertyDescription("How often the checkpoint was tried again.")
        Long observedCheckpointRetryCount,
    Long observedGeneration,
    StorageStatus storageStatus) {

  public record StorageStatus(Gcs gcs) {}

  public record Gcs(
      @Pattern("^gs:\\/\\/[a-z0-9._-]+\\/.*")
          @JsonPropertyDescription("The Cloud Storage path where the snapshot's data lies.")
          String observedGCSPath) {}

  public static final PodSnapshotStatus EMPTY = new PodSnapshotStatus(null, null, null, null, null);

  public PodSnapshotStatus withConditions(List<Condition> conditions) {
    return new PodSnapshotStatus(
        conditions,
        lastAccessTime,
        observedCheckpointRetryCount,
        observedGeneration,
        storageStatus);
  }

  public PodSnapshotStatus withCheckpointRetryCount(long count) {
    return new PodSnapshotStatus(
        conditions, lastAccessTime, count, observedGeneration, storageStatus);
  }

  /** 0 where nothing is said. */
  public long checkpointRetryCount() {
    return observedCheckpointRetryCount == null ? 0 : observedCheckpointRetryCount;
  }

  public PodSnapshotStatus withLastAccessTime(ZonedDateTime time) {
    return new PodSnapshotStatus(
        conditions, time, observedCheckpointRetryCount, observedGeneration, storageStatus);
  }

  public PodSnapshotStatus withObservedGcsPath(String path) {
    return new PodSnapshotStatus(
        conditions,
        lastAccessTime,
        observedCheckpointRetryCount,
        observedGeneration,
        new StorageStatus(new Gcs(path)));
  }

  /** {@code gs://bucket/prefix/}, or null while nothing was stored. */
  public String observedGcsPath() {
    return storageStatus == null || storageStatus.gcs() == null
        ? null
        : storageStatus.gcs().observedGCSPath();
  }
}
