package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.grpc.Scope;
import dev.podsnapshot.grpc.WorkloadCheckpoint;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** What was decided for one sandbox. Guarded by its own monitor. */
final class Plan {
  private final PodRef pod;
  private final Restore restore;
  private final WorkloadCheckpoint checkpoint;
  private final Staging staging;
  private final Set<String> restored = new HashSet<>();
  private final Timeline timeline;
  private final boolean onDelete;
  private final EmptyDirs emptyDirs;
  private final boolean gpus;
  private boolean withdrawn;
  private boolean released;

  /**
   * @param restore null: a cold start
   * @param checkpoint null: the workload may not checkpoint itself
   * @param onDelete whether the Pod is snapshotted before its containers are stopped
   * @param emptyDirs the volumes that live in the sandbox
   * @param gpus whether the state of GPUs is saved and restored
   * @param staging the snapshot on its way here; null with {@code restore}
   * @param begun when its sandbox asked, by {@link System#nanoTime()}
   */
  Plan(
      PodRef pod,
      Restore restore,
      WorkloadCheckpoint checkpoint,
      Staging staging,
      boolean onDelete,
      EmptyDirs emptyDirs,
      boolean gpus,
      long begun) {
    this.pod = pod;
    this.restore = restore;
    this.checkpoint = checkpoint;
    this.staging = staging;
    this.onDelete = onDelete;
    this.emptyDirs = emptyDirs;
    this.gpus = gpus;
    this.timeline = new Timeline(begun);
  }

  PodRef pod() {
    return pod;
  }

  Restore restore() {
    return restore;
  }

  Optional<WorkloadCheckpoint> checkpoint() {
    return Optional.ofNullable(checkpoint);
  }

  Staging staging() {
    return staging;
  }

  EmptyDirs emptyDirs() {
    return emptyDirs;
  }

  boolean gpus() {
    return gpus;
  }

  boolean onDelete() {
    return onDelete;
  }

  boolean rootfs() {
    return restore != null && restore.getScope() == Scope.ROOTFS_ONLY;
  }

  /** What this container did is in the snapshot: it shall not run. */
  synchronized boolean skips(String containerName) {
    return restores() && !rootfs() && restore.getInitContainersList().contains(containerName);
  }

  Timeline timeline() {
    return timeline;
  }

  long begunNanos() {
    return timeline.begunNanos();
  }

  /** Whether a container created now shall be restored: not once all of them were. */
  synchronized boolean restores() {
    return restore != null && !withdrawn && restored.size() < restore.getContainers();
  }

  /** The containers that were restored, the sandbox's own included. */
  synchronized Set<String> restored() {
    return Set.copyOf(restored);
  }

  /** Whether it is still open how the restore ends. */
  synchronized boolean pending() {
    return restores();
  }

  /** Returns true once, when the last container of the snapshot was restored. */
  synchronized boolean containerRestored(String id) {
    return restore != null
        && !withdrawn
        && restored.add(id)
        && restored.size() == restore.getContainers();
  }

  /** Returns true once. */
  synchronized boolean withdraw() {
    if (withdrawn || restore == null) {
      return false;
    }
    withdrawn = true;
    return true;
  }

  /** Returns true once, for a plan that holds a snapshot in the cache. */
  synchronized boolean release() {
    if (released || restore == null) {
      return false;
    }
    released = true;
    return true;
  }
}
