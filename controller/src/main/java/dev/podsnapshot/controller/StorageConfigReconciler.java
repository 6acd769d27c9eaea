package dev.podsnapshot.controller;

import dev.podsnapshot.api.ConditionedStatus;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.controller.access.BucketTokens;
import dev.podsnapshot.storage.BucketPermissions;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import io.fabric8.kubernetes.api.model.Condition;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.polling.PerResourcePollingConfigurationBuilder;
import io.javaoperatorsdk.operator.processing.event.source.polling.PerResourcePollingEventSource;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Writes a storage config's conditions; {@link StorageConditions} says which. The bucket is looked
 * at again and again, but only a change of what is seen is reconciled.
 */
@ControllerConfiguration(name = "storageconfig")
public class StorageConfigReconciler implements Reconciler<PodSnapshotStorageConfig> {
  private static final Logger LOG = Logger.getLogger(StorageConfigReconciler.class);
  private static final List<String> STATES =
      List.of(
          "BucketAvailable", "BucketNotFound", "PermissionDenied", "StoreUnavailable", "NoStorage");

  private final ObjectStore store;
  private final BucketPermissions permissions;
  private final BucketTokens tokens;
  private final BucketCheckConfig config;
  private final MeterRegistry metrics;

  public StorageConfigReconciler(
      ObjectStore store,
      BucketPermissions permissions,
      BucketTokens tokens,
      BucketCheckConfig config,
      MeterRegistry metrics) {
    this.store = store;
    this.permissions = permissions;
    this.tokens = tokens;
    this.config = config;
    this.metrics = metrics;
  }

  @Override
  public List<EventSource<?, PodSnapshotStorageConfig>> prepareEventSources(
      EventSourceContext<PodSnapshotStorageConfig> context) {
    StateGauges.register(
        metrics,
        "podsnapshot_storage_configs",
        STATES,
        context.getPrimaryCache(),
        c -> c.getStatus() == null ? null : c.getStatus().conditions());
    var polling =
        new PerResourcePollingConfigurationBuilder<BucketLook, PodSnapshotStorageConfig, String>(
                resource -> bucket(resource) == null ? Set.of() : Set.of(look(bucket(resource))),
                config.interval())
            .withName("buckets")
            .withResourceIDMapper(BucketLook::bucket)
            .build();
    return List.of(new PerResourcePollingEventSource<>(BucketLook.class, context, polling));
  }

  @Override
  public UpdateControl<PodSnapshotStorageConfig> reconcile(
      PodSnapshotStorageConfig resource, Context<PodSnapshotStorageConfig> context) {
    var old = resource.getStatus();
    var next =
        new ConditionedStatus(
            conditions(resource, context, old == null ? null : old.conditions()),
            resource.getMetadata().getGeneration());
    if (next.equals(old)) {
      return UpdateControl.noUpdate();
    }
    LOG.infof("storageconfig=%s conditions=%s", resource.getMetadata().getName(), next);
    resource.setStatus(next);
    return UpdateControl.patchStatus(resource);
  }

  private List<Condition> conditions(
      PodSnapshotStorageConfig resource,
      Context<PodSnapshotStorageConfig> context,
      List<Condition> old) {
    var bucket = bucket(resource);
    if (bucket == null) {
      return StorageConditions.noStorage(old);
    }
    // The last look may be at the bucket that the spec named before.
    var look =
        context
            .getSecondaryResourcesAsStream(BucketLook.class)
            .filter(l -> l.bucket().equals(bucket))
            .findFirst()
            .orElseGet(() -> look(bucket));
    var source = resource.getSpec().snapshotStorageConfig().gcs().source();
    return StorageConditions.of(
        look, source, tokens.inEffect(source), config.clusterLocation(), old);
  }

  private static String bucket(PodSnapshotStorageConfig resource) {
    var gcs = resource.getSpec().snapshotStorageConfig().gcs();
    return gcs == null ? null : gcs.bucket();
  }

  private BucketLook look(String bucket) {
    try {
      return new BucketLook.Seen(bucket, store.bucketFacts(bucket), permissions.missing(bucket));
    } catch (ObjectStoreException e) {
      return new BucketLook.Unreachable(bucket, e.kind(), e.getMessage());
    }
  }
}
