package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerStatus;
import dev.podsnapshot.api.PodSnapshotManualTriggerStatus.SnapshotCreated;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.matching.PodFacts;
import dev.podsnapshot.matching.Policies;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.client.KubernetesClient;
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

/** A trigger makes one PodSnapshot and tells how its checkpoint ended; then it is spent. */
@ControllerConfiguration(name = "manualtrigger")
public class ManualTriggerReconciler implements Reconciler<PodSnapshotManualTrigger> {
  private static final String GVISOR = "gvisor";

  private final KubernetesClient client;
  private final Snapshots snapshots;

  public ManualTriggerReconciler(KubernetesClient client, Snapshots snapshots) {
    this.client = client;
    this.snapshots = snapshots;
  }

  @Override
  public List<EventSource<?, PodSnapshotManualTrigger>> prepareEventSources(
      EventSourceContext<PodSnapshotManualTrigger> context) {
    return List.of(
        new InformerEventSource<>(
            InformerEventSourceConfiguration.from(PodSnapshot.class, PodSnapshotManualTrigger.class)
                .withName("snapshots-of-triggers")
                .withSecondaryToPrimaryMapper(
                    (PodSnapshot snapshot) ->
                        context
                            .getPrimaryCache()
                            .list(t -> snapshotName(t).equals(snapshot.getMetadata().getName()))
                            .map(ResourceID::fromResource)
                            .collect(Collectors.toSet()))
                .withPrimaryToSecondaryMapper(
                    (PodSnapshotManualTrigger trigger) ->
                        Set.of(
                            new ResourceID(
                                snapshotName(trigger), trigger.getMetadata().getNamespace())))
                .build(),
            context));
  }

  @Override
  public UpdateControl<PodSnapshotManualTrigger> reconcile(
      PodSnapshotManualTrigger trigger, Context<PodSnapshotManualTrigger> context) {
    if (terminal(trigger)) {
      return UpdateControl.noUpdate();
    }
    var snapshot = context.getSecondaryResource(PodSnapshot.class);
    if (snapshot.isEmpty()) {
      try {
        begin(trigger, context);
        return UpdateControl.noUpdate();
      } catch (RefusedException e) {
        return finish(trigger, false, "Failed", e.getMessage(), null);
      }
    }
    var conditions =
        snapshot.get().getStatus() == null ? null : snapshot.get().getStatus().conditions();
    if (Conditions.isTrue(conditions, Conditions.CHECKPOINT)) {
      return finish(
          trigger,
          true,
          "Complete",
          "the Pod was checkpointed",
          snapshot.get().getMetadata().getName());
    }
    if (Conditions.isFalse(conditions, Conditions.CHECKPOINT)) {
      var text =
          Conditions.find(conditions, Conditions.CHECKPOINT)
              .map(Condition::getMessage)
              .orElse("the checkpoint failed");
      return finish(trigger, false, "Failed", text, snapshot.get().getMetadata().getName());
    }
    return UpdateControl.noUpdate();
  }

  private void begin(PodSnapshotManualTrigger trigger, Context<PodSnapshotManualTrigger> context)
      throws RefusedException {
    var namespace = trigger.getMetadata().getNamespace();
    var target = trigger.getSpec().targetPod();
    var other =
        context
            .eventSourceRetriever()
            .getControllerEventSource()
            .list(namespace, t -> t.getSpec().targetPod().equals(target) && !terminal(t))
            .filter(t -> !t.getMetadata().getUid().equals(trigger.getMetadata().getUid()))
            .filter(t -> before(t, trigger) || begun(t))
            .findFirst();
    if (other.isPresent()) {
      throw new RefusedException(
          "Another PodSnapshotManualTrigger %s/%s is already targeting Pod %s and is not yet"
                  .formatted(namespace, other.get().getMetadata().getName(), target)
              + " completed");
    }
    var pod = client.pods().inNamespace(namespace).withName(target).get();
    if (pod == null) {
      throw new RefusedException(
          "spec.targetPod: Pod %s/%s does not exist".formatted(namespace, target));
    }
    if (pod.getMetadata().getDeletionTimestamp() != null
        || !"Running".equals(pod.getStatus().getPhase())) {
      throw new RefusedException(
          "Pod %s/%s is not running (%s)".formatted(namespace, target, pod.getStatus().getPhase()));
    }
    if (!GVISOR.equals(pod.getSpec().getRuntimeClassName())) {
      throw new RefusedException(
          "Pod %s/%s does not run under gVisor: its spec needs runtimeClassName: %s"
              .formatted(namespace, target, GVISOR));
    }
    var policy =
        Policies.governing(
                pod,
                client.resources(PodSnapshotPolicy.class).inNamespace(namespace).list().getItems())
            .orElseThrow(
                () ->
                    new RefusedException(
                        "no PodSnapshotPolicy in namespace %s selects Pod %s"
                            .formatted(namespace, target)));
    var unsupported = PodFacts.unsupported(pod);
    if (unsupported.isPresent()) {
      throw new RefusedException(unsupported.get());
    }
    var storage =
        client
            .resources(PodSnapshotStorageConfig.class)
            .withName(policy.getSpec().storageConfigName())
            .get();
    if (storage == null) {
      throw new RefusedException(
          "PodSnapshotPolicy %s names PodSnapshotStorageConfig %s, which does not exist"
              .formatted(policy.getMetadata().getName(), policy.getSpec().storageConfigName()));
    }
    if (storage.getStatus() == null
        || !Conditions.isTrue(storage.getStatus().conditions(), Conditions.READY)) {
      var why =
          storage.getStatus() == null
              ? "it was not looked at yet"
              : Conditions.find(storage.getStatus().conditions(), Conditions.READY)
                  .map(Condition::getMessage)
                  .orElse("it was not looked at yet");
      throw new RefusedException(
          "PodSnapshotStorageConfig %s is not Ready: %s"
              .formatted(policy.getSpec().storageConfigName(), why));
    }
    snapshots.ensure(
        snapshotName(trigger),
        pod,
        policy,
        storage,
        new SnapshotFactory.Cause.Object(
            trigger.getMetadata().getName(), trigger.getMetadata().getUid()));
  }

  /**
   * Creation times are whole seconds: of two of one second, the one that has begun is the first.
   */
  private boolean begun(PodSnapshotManualTrigger trigger) {
    return snapshots.find(trigger.getMetadata().getNamespace(), snapshotName(trigger)).isPresent();
  }

  private static boolean before(PodSnapshotManualTrigger a, PodSnapshotManualTrigger b) {
    var order =
        a.getMetadata().getCreationTimestamp().compareTo(b.getMetadata().getCreationTimestamp());
    return order < 0
        || (order == 0 && a.getMetadata().getUid().compareTo(b.getMetadata().getUid()) < 0);
  }

  private static String snapshotName(PodSnapshotManualTrigger trigger) {
    return SnapshotFactory.nameFor(trigger.getMetadata().getUid());
  }

  private static boolean terminal(PodSnapshotManualTrigger trigger) {
    return trigger.getStatus() != null
        && Conditions.find(trigger.getStatus().conditions(), Conditions.TRIGGERED).isPresent();
  }

  private static UpdateControl<PodSnapshotManualTrigger> finish(
      PodSnapshotManualTrigger trigger,
      boolean status,
      String reason,
      String message,
      String snapshot) {
    trigger.setStatus(
        new PodSnapshotManualTriggerStatus(
            Conditions.with(null, Conditions.TRIGGERED, status, reason, message),
            snapshot == null ? null : new SnapshotCreated(snapshot),
            trigger.getMetadata().getGeneration()));
    return UpdateControl.patchStatus(trigger);
  }

  /** A request that can't be met; the message is for its author. */
  private static final class RefusedException extends Exception {
    private RefusedException(String message) {
      super(message);
    }
  }
}
