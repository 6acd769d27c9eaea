package dev.podsnapshot.controller;

import dev.podsnapshot.api.ConditionedStatus;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.javaoperatorsdk.operator.api.config.informer.InformerEventSourceConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.Context;
import io.javaoperatorsdk.operator.api.reconciler.ControllerConfiguration;
import io.javaoperatorsdk.operator.api.reconciler.EventSourceContext;
import io.javaoperatorsdk.operator.api.reconciler.Reconciler;
import io.javaoperatorsdk.operator.api.reconciler.UpdateControl;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import io.javaoperatorsdk.operator.processing.event.source.EventSource;
import io.javaoperatorsdk.operator.processing.event.source.informer.InformerEventSource;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes a policy's conditions, {@link PolicyConditions} says which, and ends the snapshots that it
 * keeps no longer. Many snapshots that change at once are one look at their policy.
 */
@ControllerConfiguration(name = "policy")
public class PolicyReconciler implements Reconciler<PodSnapshotPolicy> {
  private final RetentionSweep retention;

  public PolicyReconciler(RetentionSweep retention) {
    this.retention = retention;
  }

  @Override
  public List<EventSource<?, PodSnapshotPolicy>> prepareEventSources(
      EventSourceContext<PodSnapshotPolicy> context) {
    return List.of(
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(
                    PodSnapshotStorageConfig.class, PodSnapshotPolicy.class)
                .withName("storageconfigs-of-policies")
                .withSecondaryToPrimaryMapper(
                    (PodSnapshotStorageConfig config) ->
                        context
                            .getPrimaryCache()
                            .list(
                                p ->
                                    p.getSpec()
                                        .storageConfigName()
                                        .equals(config.getMetadata().getName()))
                            .map(ResourceID::fromResource)
                            .collect(Collectors.toSet()))
                .withPrimaryToSecondaryMapper(
                    (PodSnapshotPolicy policy) ->
                        Set.of(new ResourceID(policy.getSpec().storageConfigName())))
                .build(),
            context),
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(PodSnapshot.class, PodSnapshotPolicy.class)
                .withName("snapshots-of-policies")
                .withSecondaryToPrimaryMapper(
                    (PodSnapshot snapshot) ->
                        Set.of(
                            new ResourceID(
                                snapshot.getSpec().policyName(),
                                snapshot.getMetadata().getNamespace())))
                .build(),
            context),
        // The policies beside it, which may overlap.
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(PodSnapshotPolicy.class, PodSnapshotPolicy.class)
                .withName("policies-beside")
                .withSecondaryToPrimaryMapper(
                    (PodSnapshotPolicy other) ->
                        context
                            .getPrimaryCache()
                            .list(other.getMetadata().getNamespace())
                            .filter(
                                p ->
                                    !p.getMetadata()
                                        .getName()
                                        .equals(other.getMetadata().getName()))
                            .map(ResourceID::fromResource)
                            .collect(Collectors.toSet()))
                .build(),
            context));
  }

  @Override
  public UpdateControl<PodSnapshotPolicy> reconcile(
      PodSnapshotPolicy policy, Context<PodSnapshotPolicy> context) {
    var old = policy.getStatus();
    var conditions =
        PolicyConditions.of(
            policy,
            context.getSecondaryResource(PodSnapshotStorageConfig.class),
            context
                .eventSourceRetriever()
                .getControllerEventSource()
                .list(policy.getMetadata().getNamespace(), p -> true)
                .map(PodSnapshotPolicy.class::cast)
                .toList(),
            old == null ? null : old.conditions());
    var next = new ConditionedStatus(conditions, policy.getMetadata().getGeneration());
    var control = UpdateControl.<PodSnapshotPolicy>noUpdate();
    if (!next.equals(old)) {
      policy.setStatus(next);
      control = UpdateControl.patchStatus(policy);
    }
    retention
        .sweep(policy.getSpec(), context.getSecondaryResources(PodSnapshot.class))
        .ifPresent(control::rescheduleAfter);
    return control;
  }
}
