package dev.podsnapshot.controller;

import dev.podsnapshot.api.ConditionedStatus;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.storage.BucketPermissions;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import io.fabric8.kubernetes.api.model.Condition;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import java.util.List;
import org.jboss.logging.Logger;

/** Looks at the bucket again and again; {@link StorageConditions} says what it means. */
@ControllerConfiguration(name = "storageconfig")
public class StorageConfigReconciler implements Reconciler<PodSnapshotStorageConfig> {
  private static final Logger LOG = Logger.getLogger(StorageConfigReconciler.class);

  private final ObjectStore store;
  private final BucketPermissions permissions;
  private final BucketCheckConfig config;

  public StorageConfigReconciler(
      ObjectStore store, BucketPermissions permissions, BucketCheckConfig config) {
    this.store = store;
    this.permissions = permissions;
    this.config = config;
  }

  @Override
  public UpdateControl<PodSnapshotStorageConfig> reconcile(
      PodSnapshotStorageConfig resource, Context<PodSnapshotStorageConfig> context) {
    var old = resource.getStatus();
    var next =
        new ConditionedStatus(
            look(resource, old == null ? null : old.conditions()),
            resource.getMetadata().getGeneration());
    var control = UpdateControl.<PodSnapshotStorageConfig>noUpdate();
    if (!next.equals(old)) {
      LOG.infof("storageconfig=%s conditions=%s", resource.getMetadata().getName(), next);
      resource.setStatus(next);
      control = UpdateControl.patchStatus(resource);
    }
    return control.rescheduleAfter(config.interval());
  }

  private List<Condition> look(PodSnapshotStorageConfig resource, List<Condition> old) {
    var gcs = resource.getSpec().snapshotStorageConfig().gcs();
    if (gcs == null) {
      return StorageConditions.noStorage(old);
    }
    try {
      return StorageConditions.of(
          gcs.bucket(),
          store.bucketFacts(gcs.bucket()),
          permissions.missing(gcs.bucket()),
          config.clusterLocation(),
          old);
    } catch (ObjectStoreException e) {
      return StorageConditions.unreachable(gcs.bucket(), e, old);
    }
  }
}
