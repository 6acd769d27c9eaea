package dev.podsnapshot.snapshotter;

import dev.podsnapshot.grpc.BucketTokenReply;
import dev.podsnapshot.grpc.BucketTokenRequest;
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
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Takes the controller's orders, one virtual thread each, and reports what became of them. */
@ApplicationScoped
class Orders {
  private static final Logger LOG = Logger.getLogger(Orders.class);

  private static final Set<Status.Code> FINAL =
      Set.of(Status.Code.NOT_FOUND, Status.Code.PERMISSION_DENIED, Status.Code.INVALID_ARGUMENT);

  /** Asking again for a token would be answered the same. */
  private static final Set<Status.Code> NO_TOKEN =
      Set.of(
          Status.Code.NOT_FOUND,
          Status.Code.PERMISSION_DENIED,
          Status.Code.INVALID_ARGUMENT,
          Status.Code.FAILED_PRECONDITION);

  private final SnapshotterConfig config;
  private final Fleet fleet;
  private final Upload upload;
  private final Checkpoints checkpoints;
  private final Spool spool;
  private final Runsc runsc;

  /** By snapshot: the order that is carried out, or the one that came after it. */
  private final Map<String, CheckpointOrder> latest = new ConcurrentHashMap<>();

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
    var node = NodeRef.newBuilder().setNode(config.node());
    try {
      node.setFingerprint(runsc.fingerprint().wire());
    } catch (RunscException e) {
      LOG.errorf("phase=orders the node's fingerprint is unknown: %s", e.getMessage());
    }
    stream =
        fleet
            .orders(node.build())
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

  /** An order that comes again while it is carried out waits: it may be the next attempt. */
  private void accept(CheckpointOrder order) {
    var name = order.getSnapshot().getName();
    if (latest.put(name, order) == null) {
      Thread.ofVirtual().name("snapshot-" + name).start(() -> carryOutAll(name));
    }
  }

  private void carryOutAll(String name) {
    var done = new HashSet<Long>();
    while (true) {
      var order = latest.get(name);
      if (!done.add(order.getRetry())) {
        if (latest.remove(name, order)) {
          return;
        }
        continue;
      }
      try {
        pause(order);
        carryOut(order);
      } catch (RuntimeException | RunscException e) {
        LOG.errorf(e, "snapshot=%s", name);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Longer with each failure: 2 s, 4 s, 8 s... */
  private static void pause(CheckpointOrder order) throws InterruptedException {
    if (order.getRetry() > 0) {
      Thread.sleep(Duration.ofSeconds(1L << Math.min(order.getRetry(), 6)));
    }
  }

  private void carryOut(CheckpointOrder order) throws RunscException {
    var name = order.getSnapshot().getName();
    if (!spool.isComplete(order)) {
      var taken = checkpoints.take(order, () -> report(started(order)));
      if (taken.isEmpty()) {
        return; // the snapshot was deleted, or its time is over
      }
      var report = taken.get();
      if (!report(report)) {
        spool.remove(name); // the snapshot was deleted, or its time is over
        return;
      }
      if (!report.getError().isEmpty() || report.getNeverTriggered()) {
        return;
      }
    }
    var request =
        StoreRequest.newBuilder()
            .setSnapshot(order.getSnapshot())
            .setDirectory(config.spool().resolve(name).toString())
            .setLocation(order.getLocation())
            .setSpecHash(order.getSpecHash())
            .setFingerprint(runsc.fingerprint().wire());
    var report =
        ReplicationReport.newBuilder()
            .setSnapshot(order.getSnapshot())
            .setLocation(order.getLocation());
    try {
      var reply = store(order, request);
      report
          .setBytes(reply.getBytes())
          .setMillis(reply.getMillis())
          .setParallel(reply.getParallel())
          .setSingleStreamReason(reply.getSingleStreamReason());
    } catch (RuntimeException e) {
      report.setError(text(e));
      LOG.errorf("snapshot=%s phase=upload: %s", name, report.getError());
    }
    retrying(fleet.reportReplication(report.build()));
    spool.remove(name);
  }

  private static String text(Throwable e) {
    var said = Status.fromThrowable(e).getDescription();
    return said == null ? String.valueOf(e.getMessage()) : said;
  }

  private static CheckpointReport started(CheckpointOrder order) {
    return CheckpointReport.newBuilder().setSnapshot(order.getSnapshot()).setStarted(true).build();
  }

  /** Each try has a new token: they end, and an upload can be a long one. */
  private StoreReply store(CheckpointOrder order, StoreRequest.Builder request) {
    return token(order)
        .flatMap(token -> upload.store(request.setToken(token).build()))
        .onFailure(e -> Status.fromThrowable(e).getCode() == Status.Code.UNAVAILABLE)
        .retry()
        .withBackOff(Duration.ofMillis(500), Duration.ofSeconds(15))
        .expireIn(config.uploadDeadline().toMillis())
        .await()
        .atMost(config.uploadDeadline());
  }

  private Uni<String> token(CheckpointOrder order) {
    return order.getInPodsName()
        ? fleet
            .bucketToken(BucketTokenRequest.newBuilder().setSnapshot(order.getSnapshot()).build())
            .map(BucketTokenReply::getToken)
            .onFailure(e -> !NO_TOKEN.contains(Status.fromThrowable(e).getCode()))
            .transform(e -> Status.UNAVAILABLE.withDescription(text(e)).asRuntimeException())
        : Uni.createFrom().item("");
  }

  /** Returns false if nobody wants to know: the snapshot is gone. */
  private boolean report(CheckpointReport report) {
    return retrying(fleet.reportCheckpoint(report));
  }

  /**
   * A report is never lost while this process lives; false: the controller wants none of it, since
   * the object is gone or was never this node's.
   */
  private static boolean retrying(Uni<?> call) {
    return call.ifNoItem()
            .after(Duration.ofSeconds(10))
            .fail()
            .onFailure(e -> !FINAL.contains(Status.fromThrowable(e).getCode()))
            .retry()
            .withBackOff(Duration.ofMillis(200), Duration.ofSeconds(10))
            .indefinitely()
            .onFailure()
            .recoverWithNull()
            .await()
            .indefinitely()
        != null;
  }
}
