package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jboss.logging.Logger;

/** Orders a snapshot's checkpoint, sums up its conditions as Ready, and deletes its files. */
@ControllerConfiguration(
    name = "snapshot",
    finalizerName = PodSnapshotApi.FINALIZER,
    // The nodes' reports change the status only.
    generationAwareEventProcessing = false)
public class SnapshotReconciler implements Reconciler<PodSnapshot>, Cleaner<PodSnapshot> {
  private static final Logger LOG = Logger.getLogger(SnapshotReconciler.class);
  private static final List<String> STATES =
      List.of(
          "AwaitingCheckpoint",
          "AwaitingReplication",
          "AllSnapshotsAvailable",
          "Failed",
          "Deleting");
  private static final Duration DELETE_RETRY = Duration.ofSeconds(10);

  private final KubernetesClient client;
  private final Snapshots snapshots;
  private final OrderBook orders;
  private final PodNotices notices;
  private final SnapshotFiles files;
  private final CheckpointConfig config;
  private final MeterRegistry metrics;

  public SnapshotReconciler(
      KubernetesClient client,
      Snapshots snapshots,
      OrderBook orders,
      PodNotices notices,
      SnapshotFiles files,
      CheckpointConfig config,
      MeterRegistry metrics) {
    this.client = client;
    this.snapshots = snapshots;
    this.orders = orders;
    this.notices = notices;
    this.files = files;
    this.config = config;
    this.metrics = metrics;
  }

  @Override
  public List<EventSource<?, PodSnapshot>> prepareEventSources(
      EventSourceContext<PodSnapshot> context) {
    StateGauges.register(
        metrics,
        "podsnapshot_snapshots",
        STATES,
        context.getPrimaryCache(),
        s -> s.getStatus() == null ? null : s.getStatus().conditions());
    return List.of(
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(PodSnapshotManualTrigger.class, PodSnapshot.class)
                .withName("triggers-of-snapshots")
                .withSecondaryToPrimaryMapper(
                    (PodSnapshotManualTrigger trigger) ->
                        Set.of(
                            new ResourceID(
                                SnapshotFactory.nameFor(trigger.getMetadata().getUid()),
                                trigger.getMetadata().getNamespace())))
                .build(),
            context));
  }

  @Override
  public UpdateControl<PodSnapshot> reconcile(PodSnapshot snapshot, Context<PodSnapshot> context) {
    if (snapshot.getStatus() == null || snapshot.getStatus().observedGcsPath() == null) {
      await(snapshot);
      return UpdateControl.noUpdate();
    }
    var conditions = snapshot.getStatus().conditions();
    if (!Conditions.isDecided(conditions, Conditions.CHECKPOINT)) {
      return awaitCheckpoint(snapshot);
    }
    var ready = ready(conditions);
    if (!ready.equals(conditions)) {
      tell(snapshot, ready);
      snapshots.updateStatus(
          snapshot.getMetadata().getNamespace(),
          snapshot.getMetadata().getName(),
          status -> status.withConditions(ready(status.conditions())));
    }
    return UpdateControl.noUpdate();
  }

  /**
   * Before the status is written: after a crash between the two it is told again, which is once.
   */
  private void tell(PodSnapshot snapshot, List<Condition> ready) {
    var name = snapshot.getMetadata().getName();
    if (Conditions.isTrue(ready, Conditions.READY)) {
      notices.origin(snapshot).ifPresent(pod -> notices.checkpointed(pod, name));
    }
    if (Conditions.isFalse(ready, Conditions.CHECKPOINT)
        || Conditions.isFalse(ready, Conditions.STORAGE_REPLICATED)) {
      var why = Conditions.find(ready, Conditions.READY).orElseThrow().getMessage();
      notices.origin(snapshot).ifPresent(pod -> notices.checkpointFailed(pod, name, why));
    }
  }

  /** The first status of a new snapshot. */
  private void await(PodSnapshot snapshot) {
    var path = snapshot.getMetadata().getAnnotations().get(PodSnapshotApi.GCS_PATH);
    snapshots.updateStatus(
        snapshot.getMetadata().getNamespace(),
        snapshot.getMetadata().getName(),
        status ->
            status
                .withObservedGcsPath(path)
                .withConditions(
                    Conditions.with(
                        status.conditions(),
                        Conditions.READY,
                        false,
                        "AwaitingCheckpoint",
                        "the checkpoint has not begun")));
  }

  private UpdateControl<PodSnapshot> awaitCheckpoint(PodSnapshot snapshot) {
    var meta = snapshot.getMetadata();
    var conditions = snapshot.getStatus().conditions();
    var begun = Conditions.find(conditions, Conditions.CHECKPOINT).isPresent();
    var triggerUid = meta.getAnnotations().get(PodSnapshotApi.TRIGGER_UID);
    if (triggerUid != null && !begun && triggerGone(meta.getNamespace(), snapshot)) {
      LOG.infof(
          "snapshot=%s/%s phase=aborted its trigger was deleted",
          meta.getNamespace(), meta.getName());
      client.resource(snapshot).delete();
      return UpdateControl.noUpdate();
    }
    orders.offer(snapshot);
    if ("workload".equals(meta.getAnnotations().get(PodSnapshotApi.TRIGGER))) {
      return UpdateControl.noUpdate(); // the workload takes the time that it needs
    }
    var deadline = Instant.parse(meta.getCreationTimestamp()).plus(config.deadline());
    var left = Duration.between(Instant.now(), deadline);
    if (left.isPositive()) {
      return UpdateControl.<PodSnapshot>noUpdate().rescheduleAfter(left.plusSeconds(1));
    }
    var why =
        "context deadline exceeded: node %s did not end the checkpoint within %d s; is the Pod snapshot agent running there?"
            .formatted(
                meta.getAnnotations().get(PodSnapshotApi.ORIGIN_NODE),
                config.deadline().toSeconds());
    LOG.warnf("snapshot=%s/%s phase=checkpoint: %s", meta.getNamespace(), meta.getName(), why);
    metrics.counter("podsnapshot_checkpoint_deadlines_total").increment();
    snapshots.updateStatus(
        meta.getNamespace(),
        meta.getName(),
        status ->
            Conditions.isDecided(status.conditions(), Conditions.CHECKPOINT)
                ? status
                : status.withConditions(
                    Conditions.with(
                        status.conditions(), Conditions.CHECKPOINT, false, "Failed", why)));
    return UpdateControl.noUpdate();
  }

  private boolean triggerGone(String namespace, PodSnapshot snapshot) {
    var uid = snapshot.getMetadata().getAnnotations().get(PodSnapshotApi.TRIGGER_UID);
    return client
        .resources(PodSnapshotManualTrigger.class)
        .inNamespace(namespace)
        .list()
        .getItems()
        .stream()
        .noneMatch(
            t ->
                t.getMetadata().getUid().equals(uid)
                    && t.getMetadata().getDeletionTimestamp() == null);
  }

  private static List<Condition> ready(List<Condition> conditions) {
    for (var type : List.of(Conditions.CHECKPOINT, Conditions.STORAGE_REPLICATED)) {
      if (Conditions.isFalse(conditions, type)) {
        var why = Conditions.find(conditions, type).orElseThrow();
        return Conditions.with(
            conditions, Conditions.READY, false, why.getReason(), why.getMessage());
      }
    }
    return Conditions.isTrue(conditions, Conditions.STORAGE_REPLICATED)
        ? Conditions.with(
            conditions,
            Conditions.READY,
            true,
            "AllSnapshotsAvailable",
            "the snapshot can be restored")
        : Conditions.with(
            conditions,
            Conditions.READY,
            false,
            "AwaitingReplication",
            "the checkpoint is being uploaded");
  }

  /** The files go first; the object stays until its prefix is empty. */
  @Override
  public DeleteControl cleanup(PodSnapshot snapshot, Context<PodSnapshot> context) {
    var namespace = snapshot.getMetadata().getNamespace();
    var name = snapshot.getMetadata().getName();
    var path = snapshot.getStatus() == null ? null : snapshot.getStatus().observedGcsPath();
    if (path == null) {
      return DeleteControl.defaultDelete(); // nothing was ever stored
    }
    switch (files.delete(path)) {
      case SnapshotFiles.Gone gone -> {
        LOG.infof("snapshot=%s/%s phase=deleted path=%s", namespace, name, path);
        return DeleteControl.defaultDelete();
      }
      case SnapshotFiles.BucketGone gone -> {
        LOG.warnf("snapshot=%s/%s phase=deleted the bucket is gone: %s", namespace, name, path);
        notices.snapshotEvent(
            snapshot,
            "BucketNotFound",
            "the bucket of %s is gone, and the files with it".formatted(path));
        return DeleteControl.defaultDelete();
      }
      case SnapshotFiles.Left left -> {
        LOG.warnf("snapshot=%s/%s phase=delete: %s", namespace, name, left.why());
        metrics.counter("podsnapshot_deletion_failures_total").increment();
        snapshots.updateStatus(
            namespace,
            name,
            status ->
                status.withConditions(
                    Conditions.with(
                        status.conditions(), Conditions.READY, false, "Deleting", left.why())));
        return DeleteControl.noFinalizerRemoval().rescheduleAfter(DELETE_RETRY);
      }
    }
  }
}
