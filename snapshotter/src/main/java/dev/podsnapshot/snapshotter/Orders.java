package dev.podsnapshot.snapshotter;

import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.grpc.ReplicationReport;
import dev.podsnapshot.grpc.StoreReply;
import dev.podsnapshot.grpc.StoreRequest;
import dev.podsnapshot.grpc.Upload;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscException;
import io.grpc.Status;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Takes the controller's orders, one virtual thread each, and reports what became of them. */
@ApplicationScoped
class Orders {
  private static final Logger LOG = Logger.getLogger(Orders.class);

  private final SnapshotterConfig config;
  private final Fleet fleet;
  private final Upload upload;
  private final Checkpoints checkpoints;
  private final Spool spool;
  private final Runsc runsc;
  private final Set<String> underWay = ConcurrentHashMap.newKeySet();
  private Cancellable stream;

  Orders(
      SnapshotterConfig config,
      @GrpcClient("fleet") Fleet fleet,
      @GrpcClient("upload") Upload upload,
      Checkpoints checkpoints,
      Spool spool,
      Runsc runsc) {
    this.config = config;
    this.fleet = fleet;
    this.upload = upload;
    this.checkpoints = checkpoints;
    this.spool = spool;
    this.runsc = runsc;
  }

  void start(@Observes StartupEvent event) throws IOException {
    for (var order : spool.unfinished()) {
      LOG.infof("snapshot=%s phase=resume", order.getSnapshot().getName());
      accept(order);
    }
    var node = NodeRef.newBuilder().setNode(config.node()).build();
    stream =
        fleet
            .orders(node)
            .onCompletion()
            .failWith(() -> new IOException("the controller ended the stream"))
            .onFailure()
            .invoke(e -> LOG.warnf("phase=orders lost the controller: %s", e.toString()))
            .onFailure()
            .retry()
            .withBackOff(Duration.ofMillis(200), Duration.ofSeconds(5))
            .indefinitely()
            .subscribe()
            .with(this::accept, e -> LOG.error("phase=orders ended", e));
  }

  void stop(@Observes ShutdownEvent event) {
    stream.cancel();
  }

  private void accept(CheckpointOrder order) {
    var name = order.getSnapshot().getName();
    if (underWay.add(name)) {
      Thread.ofVirtual()
          .name("snapshot-" + name)
          .start(
              () -> {
                try {
                  carryOut(order);
                } catch (RuntimeException | RunscException e) {
                  LOG.errorf(e, "snapshot=%s", name);
                } finally {
                  underWay.remove(name);
                }
              });
    }
  }

  private void carryOut(CheckpointOrder order) throws RunscException {
    var directoryName = order.getSnapshot().getName();
    if (!spool.isComplete(order)) {
      var report = checkpoints.take(order);
      report(report);
      if (!report.getError().isEmpty() || report.getNeverTriggered()) {
        return;
      }
    }
    var request =
        StoreRequest.newBuilder()
            .setSnapshot(order.getSnapshot())
            .setDirectory(config.spool().resolve(directoryName).toString())
            .setLocation(order.getLocation())
            .setSpecHash(order.getSpecHash())
            .setFingerprint(runsc.fingerprint().wire())
            .build();
    var report = ReplicationReport.newBuilder().setSnapshot(order.getSnapshot());
    try {
      var reply = store(request);
      report
          .setBytes(reply.getBytes())
          .setMillis(reply.getMillis())
          .setParallel(reply.getParallel())
          .setSingleStreamReason(reply.getSingleStreamReason());
    } catch (RuntimeException e) {
      report.setError(
          Status.fromThrowable(e).getDescription() == null
              ? String.valueOf(e.getMessage())
              : Status.fromThrowable(e).getDescription());
      LOG.errorf("snapshot=%s phase=upload: %s", directoryName, report.getError());
    }
    retrying(fleet.reportReplication(report.build()));
    spool.remove(directoryName);
  }

  private StoreReply store(StoreRequest request) {
    return upload
        .store(request)
        .onFailure(e -> Status.fromThrowable(e).getCode() == Status.Code.UNAVAILABLE)
        .retry()
        .withBackOff(Duration.ofMillis(500), Duration.ofSeconds(15))
        .expireIn(config.uploadDeadline().toMillis())
        .await()
        .atMost(config.uploadDeadline());
  }

  private void report(CheckpointReport report) {
    retrying(fleet.reportCheckpoint(report));
  }

  /** A report is never lost while this process lives; NOT_FOUND means that the object is gone. */
  private static void retrying(Uni<?> call) {
    call.ifNoItem()
        .after(Duration.ofSeconds(10))
        .fail()
        .onFailure(e -> Status.fromThrowable(e).getCode() != Status.Code.NOT_FOUND)
        .retry()
        .withBackOff(Duration.ofMillis(200), Duration.ofSeconds(10))
        .indefinitely()
        .onFailure()
        .recoverWithNull()
        .await()
        .indefinitely();
  }
}
