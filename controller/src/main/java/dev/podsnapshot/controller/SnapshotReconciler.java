package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.javaoperatorsdk.operator.api.reconciler.Cleaner;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.DeleteControl;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.List;
import org.jboss.logging.Logger;

/** Sums up a snapshot's conditions as Ready, orders its checkpoint, deletes its files. */
@ControllerConfiguration(
    name = "snapshot",
    finalizerName = PodSnapshotApi.FINALIZER,
    // The nodes' reports change the status only.
    generationAwareEventProcessing = false)
public class SnapshotReconciler implements Reconciler<PodSnapshot>, Cleaner<PodSnapshot> {
  private static final Logger LOG = Logger.getLogger(SnapshotReconciler.class);
  private static final Duration DELETE_RETRY = Duration.ofSeconds(10);

  private final KubernetesClient client;
  private final Snapshots snapshots;
  private final OrderBook orders;
  private final PodNotices notices;
  private final ObjectStore store;

  public SnapshotReconciler(
      KubernetesClient client,
      Snapshots snapshots,
      OrderBook orders,
      PodNotices notices,
      ObjectStore store) {
    this.client = client;
    this.snapshots = snapshots;
    this.orders = orders;
    this.notices = notices;
    this.store = store;
  }

  @Override
  public UpdateControl<PodSnapshot> reconcile(PodSnapshot snapshot, Context<PodSnapshot> context) {
    if (snapshot.getStatus() == null) {
      return UpdateControl.noUpdate(); // the status of a new one is on its way
    }
    var conditions = snapshot.getStatus().conditions();
    if (Conditions.find(conditions, Conditions.CHECKPOINT).isEmpty()) {
      orders.offer(snapshot);
      return UpdateControl.noUpdate();
    }
    var ready = ready(conditions);
    if (ready.equals(conditions)) {
      return UpdateControl.noUpdate();
    }
    snapshots.updateStatus(
        snapshot.getMetadata().getNamespace(),
        snapshot.getMetadata().getName(),
        status -> status.withConditions(ready(status.conditions())));
    if (Conditions.isTrue(ready, Conditions.READY)) {
      announce(snapshot);
    }
    return UpdateControl.noUpdate();
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

  private void announce(PodSnapshot snapshot) {
    var annotations = snapshot.getMetadata().getAnnotations();
    var pod =
        client
            .pods()
            .inNamespace(snapshot.getMetadata().getNamespace())
            .withName(annotations.get(PodSnapshotApi.ORIGIN_POD))
            .get();
    if (pod != null
        && pod.getMetadata().getUid().equals(annotations.get(PodSnapshotApi.ORIGIN_POD_UID))) {
      notices.checkpointed(pod, snapshot.getMetadata().getName());
    }
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
    try {
      var location = GcsPath.parse(path);
      for (var object : store.list(location.getBucket(), location.getPrefix())) {
        store.delete(location.getBucket(), object);
      }
      if (!store.list(location.getBucket(), location.getPrefix()).isEmpty()) {
        return deleting(namespace, name, "objects are left below " + path);
      }
      LOG.infof("snapshot=%s/%s phase=deleted path=%s", namespace, name, path);
      return DeleteControl.defaultDelete();
    } catch (ObjectStoreException e) {
      if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
        LOG.infof("snapshot=%s/%s phase=deleted the bucket is gone: %s", namespace, name, path);
        return DeleteControl.defaultDelete();
      }
      LOG.warnf("snapshot=%s/%s phase=delete: %s", namespace, name, e.getMessage());
      return deleting(namespace, name, e.getMessage());
    }
  }

  private DeleteControl deleting(String namespace, String name, String why) {
    snapshots.updateStatus(
        namespace,
        name,
        status ->
            status.withConditions(
                Conditions.with(status.conditions(), Conditions.READY, false, "Deleting", why)));
    return DeleteControl.noFinalizerRemoval().rescheduleAfter(DELETE_RETRY);
  }
}
