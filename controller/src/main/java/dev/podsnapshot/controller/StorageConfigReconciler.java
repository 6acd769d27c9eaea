package dev.podsnapshot.controller;

import dev.podsnapshot.api.ConditionedStatus;
import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import io.fabric8.kubernetes.api.model.Condition;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.time.Duration;
import java.util.List;

/** Ready: the bucket is there and may be looked at. */
@ControllerConfiguration(name = "storageconfig")
public class StorageConfigReconciler implements Reconciler<PodSnapshotStorageConfig> {
  private static final Duration RECHECK = Duration.ofSeconds(15);

  private final ObjectStore store;

  public StorageConfigReconciler(ObjectStore store) {
    this.store = store;
  }

  @Override
  public UpdateControl<PodSnapshotStorageConfig> reconcile(
      PodSnapshotStorageConfig config, Context<PodSnapshotStorageConfig> context) {
    var old = config.getStatus();
    var conditions = ready(config, old == null ? null : old.conditions());
    var next = new ConditionedStatus(conditions, config.getMetadata().getGeneration());
    var control = UpdateControl.<PodSnapshotStorageConfig>noUpdate();
    if (!next.equals(old)) {
      config.setStatus(next);
      control = UpdateControl.patchStatus(config);
    }
    return Conditions.isTrue(conditions, Conditions.READY)
        ? control
        : control.rescheduleAfter(RECHECK);
  }

  private List<Condition> ready(PodSnapshotStorageConfig config, List<Condition> old) {
    var gcs = config.getSpec().snapshotStorageConfig().gcs();
    if (gcs == null) {
      return Conditions.with(
          old,
          Conditions.READY,
          false,
          "NoStorage",
          "spec.snapshotStorageConfig.gcs is missing: name a bucket there");
    }
    try {
      store.bucketFacts(gcs.bucket());
      return Conditions.with(
          old,
          Conditions.READY,
          true,
          "BucketAvailable",
          "gs://%s can be used".formatted(gcs.bucket()));
    } catch (ObjectStoreException e) {
      var reason =
          switch (e.kind()) {
            case NOT_FOUND -> "BucketNotFound";
            case PERMISSION_DENIED -> "PermissionDenied";
            default -> "StoreUnavailable";
          };
      return Conditions.with(old, Conditions.READY, false, reason, e.getMessage());
    }
  }
}
