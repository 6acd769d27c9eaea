package dev.podsnapshot.snapshotter;

import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.PostCheckpoint;
import dev.podsnapshot.grpc.Scope;
import dev.podsnapshot.grpc.Trigger;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.runsc.CudaCheckpoint;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscException;
import dev.podsnapshot.runsc.Sandbox;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/** One checkpoint, from its order to complete files in the spool. */
@ApplicationScoped
class Checkpoints {
  private static final Logger LOG = Logger.getLogger(Checkpoints.class);
  private static final Duration SANDBOX_PATIENCE = Duration.ofMinutes(2);

  private final SnapshotterConfig config;
  private final Spool spool;
  private final Runsc runsc;
  private final CudaCheckpoint cuda;
  private final MeterRegistry metrics;
  private final Semaphore turns;

  Checkpoints(
      SnapshotterConfig config,
      Spool spool,
      Runsc runsc,
      CudaCheckpoint cuda,
      MeterRegistry metrics) {
    this.config = config;
    this.cuda = cuda;
    this.spool = spool;
    this.runsc = runsc;
    this.metrics = metrics;
    this.turns = new Semaphore(config.checkpointsAtOnce(), true);
    metrics.gauge("podsnapshot_checkpoints_waiting", turns, Semaphore::getQueueLength);
  }

  /**
   * Blocks until the checkpoint is complete or has failed; an error is told in the report.
   *
   * @param wanted asked before the Pod is touched, when its turn has come: much can have happened
   *     since the order
   * @return empty: it was not wanted any more
   */
  Optional<CheckpointReport> take(CheckpointOrder order, BooleanSupplier wanted) {
    if (order.getTrigger() == Trigger.WORKLOAD) {
      return Optional.of(take(order));
    }
    try {
      turns.acquire();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
    try {
      return wanted.getAsBoolean() ? Optional.of(take(order)) : Optional.empty();
    } finally {
      turns.release();
    }
  }

  private CheckpointReport take(CheckpointOrder order) {
    var report = CheckpointReport.newBuilder().setSnapshot(order.getSnapshot());
    var begin = System.nanoTime();
    try {
      var directory = spool.open(order);
      var freeze =
          order.getTrigger() == Trigger.WORKLOAD
              ? follow(order, directory)
              : trigger(order, directory);
      if (freeze.isEmpty()) {
        spool.remove(order.getSnapshot().getName());
        return report.setNeverTriggered(true).build();
      }
      var bytes = spool.bytes(directory);
      spool.markComplete(directory);
      if (order.getTrigger() != Trigger.WORKLOAD) { // else gVisor tells neither
        metrics.timer("podsnapshot_freeze").record(freeze.get());
        metrics.counter("podsnapshot_checkpoint_bytes_total").increment(bytes);
        metrics
            .timer("podsnapshot_checkpoint")
            .record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
      }
      LOG.infof(
          "snapshot=%s pod=%s/%s phase=checkpoint bytes=%d millis=%d",
          order.getSnapshot().getName(),
          order.getPod().getNamespace(),
          order.getPod().getName(),
          bytes,
          freeze.get().toMillis());
      return report
          .setBytes(bytes)
          .setFreezeMillis(freeze.get().toMillis())
          .setFingerprint(runsc.fingerprint().wire())
          .build();
    } catch (RunscException | IOException e) {
      LOG.errorf(
          "snapshot=%s pod=%s/%s phase=checkpoint: %s",
          order.getSnapshot().getName(),
          order.getPod().getNamespace(),
          order.getPod().getName(),
          e.getMessage());
      metrics.counter("podsnapshot_checkpoint_failures_total").increment();
      spool.remove(order.getSnapshot().getName());
      return report
          .setError(String.valueOf(e.getMessage()))
          .setRetryable(!(e instanceof RefusedException))
          .build();
    }
  }

  /** Returns how long the Pod stood still. */
  private Optional<Duration> trigger(CheckpointOrder order, Path directory)
      throws RunscException, IOException {
    var sandbox =
        runsc
            .sandboxOf(order.getPod().getUid())
            .orElseThrow(
                () -> new RefusedException("the Pod has no gVisor sandbox on " + config.node()));
    var rootfs = order.getScope() == Scope.ROOTFS_ONLY;
    if (!rootfs) {
      requirePortable(sandbox);
    }
    requireCudaCheckpoint(order);
    if (spool.freeBytes() < config.spoolReserveBytes()) {
      throw new IOException(
          "only %d bytes are free in %s, %d are kept in reserve: free some or move the spool"
              .formatted(spool.freeBytes(), config.spool(), config.spoolReserveBytes()));
    }
    // A file left by a checkpoint that was cut short would make runsc refuse the folder.
    for (var file : SnapshotManifest.GVISOR_FILES) {
      Files.deleteIfExists(directory.resolve(file));
    }
    for (var file : SnapshotManifest.ROOTFS_FILES) {
      Files.deleteIfExists(directory.resolve(file));
    }
    var begin = System.nanoTime();
    if (rootfs) {
      runsc.checkpointRootfs(
          sandbox.id(), directory, spool.direct(directory), config.checkpointLimit());
    } else {
      runsc.checkpoint(
          sandbox.id(),
          directory,
          order.getPostCheckpoint() != PostCheckpoint.STOP,
          spool.direct(directory),
          order.getGpus() > 0,
          config.checkpointLimit());
    }
    return Optional.of(Duration.ofNanos(System.nanoTime() - begin));
  }

  /**
   * Waits for the workload; empty: its sandbox ended without a checkpoint. A checkpoint that
   * somebody else took of the sandbox meanwhile ends gVisor's wait too, but leaves no files here.
   */
  private Optional<Duration> follow(CheckpointOrder order, Path directory)
      throws RunscException, IOException {
    requireCudaCheckpoint(order);
    var sandbox = awaitSandbox(order);
    if (sandbox.isEmpty()) {
      return Optional.empty();
    }
    try {
      do {
        if (order.getScope() == Scope.ROOTFS_ONLY) {
          runsc.waitForRootfsCheckpoint(sandbox.get().id());
        } else {
          runsc.waitForCheckpoint(sandbox.get().id());
        }
      } while (!spool.hasFiles(directory));
      // gVisor does not tell how long the freeze was.
      return Optional.of(Duration.ZERO);
    } catch (RunscException e) {
      if (runsc.sandboxOf(order.getPod().getUid()).isPresent()) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private Optional<Sandbox> awaitSandbox(CheckpointOrder order) throws RunscException {
    var deadline = System.nanoTime() + SANDBOX_PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      var sandbox = runsc.sandboxOf(order.getPod().getUid());
      if (sandbox.isPresent()) {
        return sandbox;
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new RunscException("interrupted while the Pod's sandbox was awaited", e);
      }
    }
    return Optional.empty();
  }

  /** What is written of the sandbox now is compared at restore; see {@link Sandbox}. */
  private static void requirePortable(Sandbox sandbox) throws RunscException {
    if (sandbox.annotations().containsKey(Sandbox.CGROUP_PARENT)) {
      throw new RefusedException(
          "the Pod was started before a PodSnapshotPolicy selected it (or while the node's restorer"
              + " was not running), so its snapshot could not be restored: recreate the Pod");
    }
  }

  /** Before the Pod is touched: gVisor would fail with GPUs in its hands. */
  private void requireCudaCheckpoint(CheckpointOrder order) throws RunscException {
    if (order.getGpus() == 0 || order.getScope() == Scope.ROOTFS_ONLY) {
      return;
    }
    var why = cuda.impossible();
    if (why.isPresent()) {
      throw new RefusedException("%s (node %s)".formatted(why.get(), config.node()));
    }
  }

  /** Trying again would not help. */
  private static final class RefusedException extends RunscException {
    private RefusedException(String message) {
      super(message);
    }
  }
}
