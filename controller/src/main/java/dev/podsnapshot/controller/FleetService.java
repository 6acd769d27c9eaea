package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.SnapshotSize;
import dev.podsnapshot.controller.access.BucketTokenException;
import dev.podsnapshot.controller.access.BucketTokens;
import dev.podsnapshot.controller.identity.NodeAuthority;
import dev.podsnapshot.controller.identity.Refusal;
import dev.podsnapshot.controller.identity.Refusals;
import dev.podsnapshot.grpc.Ack;
import dev.podsnapshot.grpc.Binding;
import dev.podsnapshot.grpc.BucketTokenReply;
import dev.podsnapshot.grpc.BucketTokenRequest;
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
import dev.podsnapshot.grpc.Untouched;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.Uni;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.jboss.logging.Logger;

/**
 * What the nodes ask and report. Each speaks for itself only: what a call may say is decided by its
 * {@link NodeAuthority}, before anything is done.
 */
@GrpcService
public class FleetService implements Fleet {
  private static final Logger LOG = Logger.getLogger(FleetService.class);
  private static final Ack ACK = Ack.getDefaultInstance();

  /** The node shall use credentials of its own. */
  private static final String NODES_OWN = "";

  private final KubernetesClient client;
  private final Snapshots snapshots;
  private final OrderBook orders;
  private final Bindings bindings;
  private final PodNotices notices;
  private final Matches matches;
  private final Nodes nodes;
  private final SnapshotFiles files;
  private final RestoresUnderWay restores;
  private final CheckpointConfig checkpoints;
  private final DeletionTrigger deletions;
  private final BucketTokens tokens;
  private final Refusals refusals;
  private final MeterRegistry metrics;

  public FleetService(
      KubernetesClient client,
      Snapshots snapshots,
      OrderBook orders,
      Bindings bindings,
      PodNotices notices,
      Matches matches,
      Nodes nodes,
      SnapshotFiles files,
      RestoresUnderWay restores,
      CheckpointConfig checkpoints,
      DeletionTrigger deletions,
      BucketTokens tokens,
      Refusals refusals,
      MeterRegistry metrics) {
    this.client = client;
    this.snapshots = snapshots;
    this.orders = orders;
    this.bindings = bindings;
    this.notices = notices;
    this.matches = matches;
    this.nodes = nodes;
    this.files = files;
    this.restores = restores;
    this.checkpoints = checkpoints;
    this.deletions = deletions;
    this.tokens = tokens;
    this.refusals = refusals;
    this.metrics = metrics;
  }

  @Override
  @Blocking
  public Uni<Ack> greet(NodeRef node) {
    require(caller().as(node.getNode()));
    nodes.agentReady(node.getNode());
    return Uni.createFrom().item(ACK);
  }

  @Override
  @Blocking
  public Multi<CheckpointOrder> orders(NodeRef node) {
    require(caller().as(node.getNode()));
    LOG.infof("node=%s phase=connected", node.getNode());
    if (node.hasFingerprint()) {
      nodes.describe(node.getNode(), NodeFingerprint.of(node.getFingerprint()));
    }
    return orders.of(node.getNode());
  }

  @Override
  @Blocking
  public Multi<Binding> bindings(NodeRef node) {
    require(caller().as(node.getNode()));
    return bindings.of(node);
  }

  @Override
  @Blocking
  public Uni<MatchReply> match(MatchRequest request) {
    require(caller().as(request.getNode()));
    return Uni.createFrom()
        .item(
            pod(request.getPod())
                .map(pod -> matches.answer(pod, NodeFingerprint.of(request.getFingerprint())))
                .orElseGet(
                    () ->
                        MatchReply.newBuilder()
                            .setUntouched(Untouched.getDefaultInstance())
                            .build()));
  }

  @Override
  @Blocking
  public Uni<BucketTokenReply> bucketToken(BucketTokenRequest request) {
    try {
      var token = request.hasPod() ? download(request) : upload(request.getSnapshot());
      return Uni.createFrom().item(BucketTokenReply.newBuilder().setToken(token).build());
    } catch (KubernetesClientException e) {
      throw Status.UNAVAILABLE
          .withDescription("the API server can't be asked: " + NodeText.line(e.getMessage()))
          .asRuntimeException();
    } catch (BucketTokenException e) {
      throw (e.passing() ? Status.UNAVAILABLE : Status.FAILED_PRECONDITION)
          .withDescription(NodeText.line(e.getMessage()))
          .asRuntimeException();
    }
  }

  private String upload(SnapshotRef ref) throws BucketTokenException {
    var snapshot = find(ref);
    if (Conditions.isDecided(snapshot.getStatus().conditions(), Conditions.STORAGE_REPLICATED)) {
      throw Status.NOT_FOUND
          .withDescription(
              "the upload of PodSnapshot %s/%s is over"
                  .formatted(ref.getNamespace(), ref.getName()))
          .asRuntimeException();
    }
    return tokens.inEffect(snapshot) ? tokens.forUpload(snapshot) : NODES_OWN;
  }

  private String download(BucketTokenRequest request) throws BucketTokenException {
    var ref = request.getSnapshot();
    require(NodeAuthority.naming(ref.getNamespace(), ref.getName()));
    require(caller().restoring(request.getPod(), ref));
    var pod =
        pod(request.getPod())
            .orElseThrow(
                () -> Status.NOT_FOUND.withDescription("the Pod is gone").asRuntimeException());
    var snapshot =
        snapshots
            .find(ref.getNamespace(), ref.getName())
            .filter(s -> Conditions.isTrue(s.getStatus().conditions(), Conditions.READY))
            .orElseThrow(() -> gone(ref));
    return tokens.inEffect(snapshot) ? tokens.forDownload(pod, snapshot) : NODES_OWN;
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
    var error = NodeText.line(report.getError());
    var tried = snapshot.getStatus().checkpointRetryCount();
    var again = report.getRetryable() && tried < checkpoints.retries();
    LOG.warnf(
        "snapshot=%s/%s phase=checkpoint attempt=%d again=%s: %s",
        ref.getNamespace(), ref.getName(), tried + 1, again, error);
    metrics
        .counter("podsnapshot_checkpoints_total", "result", again ? "retried" : "failed")
        .increment();
    if (!again) {
      condition(ref, Conditions.CHECKPOINT, false, error);
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
                        "attempt %d failed, it is tried again: %s".formatted(tried + 1, error))));
  }

  @Override
  @Blocking
  public Uni<Ack> reportReplication(ReplicationReport report) {
    var ref = report.getSnapshot();
    if (exists(ref)) {
      find(ref);
    } else {
      discard(report);
      throw gone(ref);
    }
    var error = NodeText.line(report.getError());
    var failed = !error.isEmpty();
    if (failed && isStored(ref)) {
      LOG.infof(
          "snapshot=%s/%s phase=replication is stored; told later: %s",
          ref.getNamespace(), ref.getName(), error);
      return Uni.createFrom().item(ACK);
    }
    var how =
        report.getParallel()
            ? "in parallel parts"
            : "in one stream: " + NodeText.line(report.getSingleStreamReason());
    LOG.infof(
        "snapshot=%s/%s phase=replication bytes=%d millis=%d error=%s",
        ref.getNamespace(), ref.getName(), report.getBytes(), report.getMillis(), error);
    metrics
        .counter("podsnapshot_replications_total", "result", failed ? "failed" : "succeeded")
        .increment();
    condition(
        ref,
        Conditions.STORAGE_REPLICATED,
        !failed,
        failed ? error : SnapshotSize.uploaded(report.getBytes(), report.getMillis(), how));
    return Uni.createFrom().item(ACK);
  }

  /** A node that was restarted before it heard the answer to its report tells once more. */
  private boolean isStored(SnapshotRef ref) {
    return snapshots
        .find(ref.getNamespace(), ref.getName())
        .filter(s -> Conditions.isTrue(s.getStatus().conditions(), Conditions.STORAGE_REPLICATED))
        .isPresent();
  }

  /** The snapshot was deleted while its files were uploaded: they go too. */
  private void discard(ReplicationReport report) {
    require(caller().discarding(report.getSnapshot(), report.getLocation()));
    if (snapshots.isAnywhere(report.getSnapshot().getName())) {
      throw gone(report.getSnapshot()); // the folder is that of another namespace's snapshot
    }
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
    var found = pod(report.getPod());
    var restored = report.getReason().isEmpty();
    metrics
        .counter(
            "podsnapshot_restores_total",
            "result",
            restored ? "restored" : "cold",
            "reason",
            restored ? "" : NodeText.word(report.getReason()))
        .increment();
    var ref = report.getSnapshot();
    if (restored && found.isPresent()) {
      require(NodeAuthority.naming(report.getPod().getNamespace(), ref.getName()));
      var now = ZonedDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS);
      // A Pod is restored from a snapshot of its own namespace, whatever the report says.
      snapshots.updateStatus(
          report.getPod().getNamespace(), ref.getName(), status -> status.withLastAccessTime(now));
    }
    found.ifPresent(
        pod -> {
          if (restored) {
            notices.restored(pod, ref.getName());
          } else if (matches.selected(pod)) {
            notices.coldStart(
                pod, NodeText.word(report.getReason()), NodeText.line(report.getMessage()));
          }
        });
    restores.end(report.getPod().getUid()); // now that it is told (ReadinessTrigger)
    LOG.infof(
        "pod=%s/%s snapshot=%s phase=restore reason=%s bytes=%d stage_millis=%d millis=%d",
        report.getPod().getNamespace(),
        report.getPod().getName(),
        NodeText.line(ref.getName()),
        NodeText.line(report.getReason()),
        report.getBytes(),
        report.getStageMillis(),
        report.getRestoreMillis());
    return Uni.createFrom().item(ACK);
  }

  @Override
  @Blocking
  public Uni<Ack> stopping(PodRef ref) {
    return pod(ref)
        .map(
            pod ->
                Uni.createFrom()
                    .item(() -> beforeStop(pod))
                    // It waits for a checkpoint: not on one of the threads that all calls share.
                    .runSubscriptionOn(task -> Thread.ofVirtual().name("stopping").start(task)))
        .orElseGet(() -> Uni.createFrom().item(ACK));
  }

  private Ack beforeStop(Pod pod) {
    try {
      deletions.beforeStop(pod);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return ACK;
  }

  /** The Pod that the caller speaks for; empty: it is gone, or another has its name. */
  private Optional<Pod> pod(PodRef ref) {
    require(NodeAuthority.naming(ref.getNamespace(), ref.getName()));
    var pod =
        Optional.ofNullable(
                client.pods().inNamespace(ref.getNamespace()).withName(ref.getName()).get())
            .filter(p -> p.getMetadata().getUid().equals(ref.getUid()));
    require(pod.flatMap(caller()::over));
    return pod;
  }

  private static NodeAuthority caller() {
    return NodeAuthority.caller();
  }

  private void require(Optional<Refusal> refusal) {
    refusals.require(caller(), refusal);
  }

  private boolean exists(SnapshotRef ref) {
    require(NodeAuthority.naming(ref.getNamespace(), ref.getName()));
    return snapshots.find(ref.getNamespace(), ref.getName()).isPresent();
  }

  /** The snapshot that the caller speaks of. */
  private PodSnapshot find(SnapshotRef ref) {
    require(NodeAuthority.naming(ref.getNamespace(), ref.getName()));
    var snapshot = snapshots.find(ref.getNamespace(), ref.getName()).orElseThrow(() -> gone(ref));
    require(caller().over(snapshot));
    return snapshot;
  }

  private static StatusRuntimeException gone(SnapshotRef ref) {
    return Status.NOT_FOUND
        .withDescription(
            "PodSnapshot %s/%s does not exist".formatted(ref.getNamespace(), ref.getName()))
        .asRuntimeException();
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
              if (snapshot.getMetadata().getAnnotations().containsKey(PodSnapshotApi.GPUS)) {
                labels.put(PodSnapshotApi.GPU_MODEL, node.gpu().model());
                labels.put(PodSnapshotApi.GPU_DRIVER, node.gpu().driver());
              }
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
