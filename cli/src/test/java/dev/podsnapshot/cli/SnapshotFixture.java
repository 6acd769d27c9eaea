package dev.podsnapshot.cli;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.GroupByLabelValue;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotGroupingRules;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotSpec;
import dev.podsnapshot.api.PodSnapshotStatus;
import dev.podsnapshot.api.SnapshotSize;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** Snapshots and policies in the states that the controller leaves them in. */
final class SnapshotFixture {
  static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

  private SnapshotFixture() {}

  static PodSnapshot ready(String name, String policy, Duration age) {
    return with(
        snapshot(name, policy, age),
        conditions(
            "True", SnapshotSize.checkpointed(40 << 20, 200), "True", "AllSnapshotsAvailable"));
  }

  static PodSnapshot failed(String name, String policy, Duration age, String why) {
    return with(snapshot(name, policy, age), conditions("False", why, "False", "Failed"));
  }

  static PodSnapshot uploading(String name, String policy, Duration age) {
    return with(
        snapshot(name, policy, age),
        conditions(
            "True", SnapshotSize.checkpointed(40 << 20, 200), "False", "AwaitingReplication"));
  }

  static PodSnapshot awaiting(String name, String policy, Duration age) {
    return with(
        snapshot(name, policy, age),
        Conditions.with(
            null, Conditions.READY, false, "AwaitingCheckpoint", "the checkpoint has not begun"));
  }

  static PodSnapshot checkpointing(String name, String policy, Duration age) {
    var awaiting = awaiting(name, policy, age);
    return with(
        awaiting,
        Conditions.withUnknown(
            awaiting.getStatus().conditions(),
            Conditions.CHECKPOINT,
            "InProgress",
            "the node is taking the checkpoint"));
  }

  /** Its files can't be deleted. */
  static PodSnapshot stuck(String name, String policy, Duration age, String why) {
    var snapshot = ready(name, policy, age);
    snapshot.getMetadata().setDeletionTimestamp(NOW.toString());
    return with(
        snapshot,
        Conditions.with(
            snapshot.getStatus().conditions(), Conditions.READY, false, "Deleting", why));
  }

  static PodSnapshot labelled(PodSnapshot snapshot, String key, String value) {
    snapshot.getMetadata().getLabels().put(key, value);
    return snapshot;
  }

  private static PodSnapshot snapshot(String name, String policy, Duration age) {
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace("demo")
            .withUid("uid-" + name)
            .withCreationTimestamp(NOW.minus(age).toString())
            .addToLabels(PodSnapshotApi.TEMPLATE_HASH, "v1-abc")
            .addToAnnotations(PodSnapshotApi.ORIGIN_POD, "web")
            .addToAnnotations(PodSnapshotApi.ORIGIN_POD_UID, "uid-web")
            .addToAnnotations(PodSnapshotApi.ORIGIN_NODE, "n1")
            .addToAnnotations(PodSnapshotApi.SCOPE, "whole-pod")
            .addToAnnotations(PodSnapshotApi.TRIGGER, "manual")
            .build());
    snapshot.setSpec(new PodSnapshotSpec(policy));
    snapshot.setStatus(PodSnapshotStatus.EMPTY.withObservedGcsPath("gs://bucket/" + name + "/"));
    return snapshot;
  }

  private static PodSnapshot with(PodSnapshot snapshot, List<Condition> conditions) {
    snapshot.setStatus(snapshot.getStatus().withConditions(conditions));
    return snapshot;
  }

  private static List<Condition> conditions(
      String checkpoint, String checkpointText, String ready, String readyReason) {
    var succeeded = checkpoint.equals("True");
    var conditions =
        Conditions.with(
            null,
            Conditions.CHECKPOINT,
            succeeded,
            succeeded ? "Succeeded" : "Failed",
            checkpointText);
    if (ready.equals("True")) {
      conditions =
          Conditions.with(
              conditions,
              Conditions.STORAGE_REPLICATED,
              true,
              "Succeeded",
              SnapshotSize.uploaded(40 << 20, 90, "in parallel parts"));
    }
    return Conditions.with(
        conditions, Conditions.READY, ready.equals("True"), readyReason, checkpointText);
  }

  static PodSnapshotPolicy policy(String name, String... groupingLabels) {
    var policy = new PodSnapshotPolicy();
    policy.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace("demo")
            .withCreationTimestamp(NOW.minus(Duration.ofDays(100)).toString())
            .build());
    policy.setSpec(
        new PodSnapshotPolicySpec(
            new LabelSelectorBuilder().withMatchLabels(Map.of("app", name)).build(),
            "storage",
            null,
            new TriggerConfig(TriggerType.MANUAL, null),
            null,
            groupingLabels.length == 0
                ? null
                : new SnapshotGroupingRules(new GroupByLabelValue(List.of(groupingLabels), null))));
    return policy;
  }
}
