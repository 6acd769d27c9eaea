package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.SnapshotSize;
import dev.podsnapshot.grpc.Ack;
import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.MatchReply;
import dev.podsnapshot.grpc.MatchRequest;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.PostCheckpoint;
import dev.podsnapshot.grpc.ReplicationReport;
import dev.podsnapshot.grpc.RestoreReport;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jboss.logging.Logger;

/** What the nodes ask and report. */
@GrpcService
public class FleetService implements Fleet {
  private static final Logger LOG = Logger.getLogger(FleetService.class);
  private static final Ack ACK = Ack.getDefaultInstance();

  private final KubernetesClient client;
  private final Snapshots snapshots;
  private final OrderBook orders;
  private final PodNotices notices;
  private final Matches matches;
  private final Nodes nodes;
  private final SnapshotFiles files;
  private final RestoresUnderWay restores;
  private final CheckpointConfig checkpoints;
  private final DeletionTrigger deletions;
  private final MeterRegistry metrics;

  public FleetService(
      KubernetesClient client,
      Snapshots snapshots,
      OrderBook orders,
      PodNotices notices,
      Matches matches,
      Nodes nodes,
      SnapshotFiles files,
      RestoresUnderWay restores,
      CheckpointConfig checkpoints,
      DeletionTrigger deletions,
      MeterRegistry metrics) {
    this.client = client;
    this.snapshots = snapshots;
    this.orders = orders;
    this.notices = notices;
    this.matches = matches;
    this.nodes = nodes;
    this.files = files;
    this.restores = restores;
    this.checkpoints = checkpoints;
    this.deletions = deletions;
    this.metrics = metrics;
  }

  @Override
  @Blocking
  public Multi<CheckpointOrder> orders(NodeRef node) {
    LOG.infof("node=%s phase=connected", node.getNode());
    if (node.hasFingerprint()) {
      nodes.describe(node.getNode(), NodeFingerprint.of(node.getFingerprint()));
    }
    return orders.of(node.getNode());
  }

  @Override
  @Blocking
  public Uni<MatchReply> match(MatchRequest request) {
    return Uni.createFrom().item(matches.answer(request));
  }

  @Override
  @Blocking
  public Uni<Ack> reportCheckpoint(CheckpointReport report) {
    var ref = report.getSnapshot();
    var snapshot = find(ref);
    if (report.getNeverTriggered()) {
      LOG.infof("snapshot=%s/%s phase=never-triggered", ref.getNamespace(), ref.getName());
      client.resource(snapshot).delete();
    } else if (Conditions.isDecided(snapshot.getStatus().conditions(), Conditions.CHECKPOINT)
        && !Conditions.isTrue(snapshot.getStatus().conditions(), Conditions.CHECKPOINT)) {
      throw Status.NOT_FOUND
          .withDescription(
              "PodSnapshot %s/%s has failed already".formatted(ref.getNamespace(), ref.getName()))
          .asRuntimeException();
    } else if (report.getStarted()) {
      snapshots.updateStatus(
          ref.getNamespace(),
          ref.getName(),
          status ->
              Conditions.isDecided(status.conditions(), Conditions.CHECKPOINT)
                  ? status
                  : status.withConditions(
                      Conditions.withUnknown(
                          status.conditions(),
                          Conditions.CHECKPOINT,
                          "InProgress",
                          "the node is taking the checkpoint")));
    } else if (report.getError().isEmpty()) {
      checkpointed(snapshot, report);
    } else {
      checkpointFailed(snapshot, report);
    }
    return Uni.createFrom().item(ACK);
  }

  private void checkpointed(PodSnapshot snapshot, CheckpointReport report) {
    var ref = report.getSnapshot();
    label(ref, NodeFingerprint.of(report.getFingerprint()));
    if (OrderBook.postCheckpoint(snapshot.getMetadata().getAnnotations()) == PostCheckpoint.STOP) {
      notices.origin(snapshot).ifPresent(notices::completed);
    }
    LOG.infof(
        "snapshot=%s/%s phase=checkpoint bytes=%d millis=%d",
        ref.getNamespace(), ref.getName(), report.getBytes(), report.getFreezeMillis());
    metrics.counter("podsnapshot_checkpoints_total", "result", "succeeded").increment();
    condition(
        ref,
        Conditions.CHECKPOINT,
        true,
        SnapshotSize.checkpointed(report.getBytes(), report.getFreezeMillis()));
  }

  /** Tried again, if that may help and was not done too often. */
  private void checkpointFailed(PodSnapshot snapshot, CheckpointReport report) {
    var ref = report.getSnapshot();
    var tried = snapshot.getStatus().checkpointRetryCount();
    var again = report.getRetryable() && tried < checkpoints.retries();
    LOG.warnf(
        "snapshot=%s/%s phase=checkpoint attempt=%d again=%s: %s",
        ref.getNamespace(), ref.getName(), tried + 1, again, report.getError());
    metrics
        .counter("podsnapshot_checkpoints_total", "result", again ? "retried" : "failed")
        .increment();
    if (!again) {
      condition(ref, Conditions.CHECKPOINT, false, report.getError());
      return;
    }
    snapshots.updateStatus(
        ref.getNamespace(),
        ref.getName(),
        status ->
            status
                .withCheckpointRetryCount(tried + 1)
                .withConditions(
                    Conditions.withUnknown(
                        status.conditions(),
                        Conditions.CHECKPOINT,
                        "Retrying",
                        "attempt %d failed, it is tried again: %s"
                            .formatted(tried + 1, report.getError()))));
  }

  @Override
  @Blocking
  public Uni<Ack> reportReplication(ReplicationReport report) {
    var ref = report.getSnapshot();
    if (snapshots.find(ref.getNamespace(), ref.getName()).isEmpty()) {
      discard(report);
    }
    find(ref);
    var failed = !report.getError().isEmpty();
    var how =
        report.getParallel()
            ? "in parallel parts"
            : "in one stream: " + report.getSingleStreamReason();
    LOG.infof(
        "snapshot=%s/%s phase=replication bytes=%d millis=%d error=%s",
        ref.getNamespace(),
        ref.getName(),
        report.getBytes(),
        report.getMillis(),
        report.getError());
    condition(
        ref,
        Conditions.STORAGE_REPLICATED,
        !failed,
        failed
            ? report.getError()
            : SnapshotSize.uploaded(report.getBytes(), report.getMillis(), how));
    return Uni.createFrom().item(ACK);
  }

  /** The snapshot was deleted while its files were uploaded: they go too. */
  private void discard(ReplicationReport report) {
    var path =
        "gs://%s/%s".formatted(report.getLocation().getBucket(), report.getLocation().getPrefix());
    var deletion = files.delete(path);
    LOG.infof(
        "snapshot=%s/%s phase=discard path=%s %s",
        report.getSnapshot().getNamespace(), report.getSnapshot().getName(), path, deletion);
    if (deletion instanceof SnapshotFiles.Left left) {
      throw Status.UNAVAILABLE.withDescription(left.why()).asRuntimeException();
    }
  }

  @Override
  @Blocking
  public Uni<Ack> reportRestore(RestoreReport report) {
    var restored = report.getReason().isEmpty();
    restores.end(report.getPod().getUid());
    metrics
        .counter(
            "podsnapshot_restores_total",
            "result",
            restored ? "restored" : "cold",
            "reason",
            report.getReason())
        .increment();
    var ref = report.getSnapshot();
    if (restored) {
      var now = ZonedDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS);
      snapshots.updateStatus(
          ref.getNamespace(), ref.getName(), status -> status.withLastAccessTime(now));
    }
    var found = pod(report.getPod());
    found.ifPresent(
        pod -> {
          if (restored) {
            notices.restored(pod, ref.getName());
          } else if (matches.selected(pod)) {
            notices.coldStart(pod, report.getReason(), report.getMessage());
          }
        });
    LOG.infof(
        "pod=%s/%s snapshot=%s phase=restore reason=%s bytes=%d stage_millis=%d millis=%d",
        report.getPod().getNamespace(),
        report.getPod().getName(),
        ref.getName(),
        report.getReason(),
        report.getBytes(),
        report.getStageMillis(),
        report.getRestoreMillis());
    return Uni.createFrom().item(ACK);
  }

  @Override
  @RunOnVirtualThread
  public Uni<Ack> stopping(PodRef pod) {
    try {
      deletions.beforeStop(pod);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return Uni.createFrom().item(ACK);
  }

  private Optional<Pod> pod(PodRef ref) {
    return Optional.ofNullable(
            client.pods().inNamespace(ref.getNamespace()).withName(ref.getName()).get())
        .filter(pod -> pod.getMetadata().getUid().equals(ref.getUid()));
  }

  private PodSnapshot find(SnapshotRef ref) {
    return snapshots
        .find(ref.getNamespace(), ref.getName())
        .orElseThrow(
            () ->
                Status.NOT_FOUND
                    .withDescription(
                        "PodSnapshot %s/%s does not exist"
                            .formatted(ref.getNamespace(), ref.getName()))
                    .asRuntimeException());
  }

  private void condition(SnapshotRef ref, String type, boolean succeeded, String message) {
    snapshots.updateStatus(
        ref.getNamespace(),
        ref.getName(),
        status ->
            status.withConditions(
                Conditions.with(
                    status.conditions(),
                    type,
                    succeeded,
                    succeeded ? "Succeeded" : "Failed",
                    message)));
  }

  private void label(SnapshotRef ref, NodeFingerprint node) {
    client
        .resources(PodSnapshot.class)
        .inNamespace(ref.getNamespace())
        .withName(ref.getName())
        .edit(
            snapshot -> {
              var labels = snapshot.getMetadata().getLabels();
              labels.putAll(
                  Map.of(
                      PodSnapshotApi.RUNSC_VERSION, node.runscVersion(),
                      PodSnapshotApi.RUNSC_PLATFORM, node.platform(),
                      PodSnapshotApi.ARCHITECTURE, node.architecture()));
              snapshot
                  .getMetadata()
                  .getAnnotations()
                  .put(
                      PodSnapshotApi.CPU_FEATURES,
                      String.join(" ", new TreeSet<>(node.cpuFeatures())));
              return snapshot;
            });
  }
}
