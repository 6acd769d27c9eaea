package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.matching.Policies;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/** What a policy's status says. Pure. */
final class PolicyConditions {
  /** True: an older policy could select the same Pods, and would win. */
  static final String OVERLAPPING = "Overlapping";

  /** True: all Pods of one specification share snapshots, whoever they belong to. */
  static final String SHARED = "SharedSnapshots";

  private PolicyConditions() {}

  static List<Condition> of(
      PodSnapshotPolicy policy,
      Optional<PodSnapshotStorageConfig> storage,
      Collection<PodSnapshotPolicy> others,
      List<Condition> old) {
    return shared(policy, overlapping(policy, others, ready(policy, storage, old)));
  }

  private static List<Condition> ready(
      PodSnapshotPolicy policy, Optional<PodSnapshotStorageConfig> storage, List<Condition> old) {
    var name = policy.getSpec().storageConfigName();
    if (storage.isEmpty()) {
      return Conditions.with(
          old,
          Conditions.READY,
          false,
          "StorageConfigNotFound",
          "spec.storageConfigName: PodSnapshotStorageConfig %s does not exist; create it or name another"
              .formatted(name));
    }
    var status = storage.get().getStatus();
    var ready =
        Conditions.find(status == null ? null : status.conditions(), Conditions.READY)
            .filter(c -> "True".equals(c.getStatus()));
    if (ready.isEmpty()) {
      var why =
          Conditions.find(status == null ? null : status.conditions(), Conditions.READY)
              .map(Condition::getMessage)
              .orElse("it was not looked at yet");
      return Conditions.with(
          old,
          Conditions.READY,
          false,
          "StorageConfigNotReady",
          "spec.storageConfigName: PodSnapshotStorageConfig %s is not Ready: %s"
              .formatted(name, why));
    }
    return Conditions.with(old, Conditions.READY, true, "PolicyReady", "the policy is in force");
  }

  private static List<Condition> overlapping(
      PodSnapshotPolicy policy, Collection<PodSnapshotPolicy> others, List<Condition> conditions) {
    var winners = Policies.winningOver(policy, others);
    return winners.isEmpty()
        ? Conditions.without(conditions, OVERLAPPING)
        : Conditions.with(
            conditions,
            OVERLAPPING,
            true,
            "OlderPolicyWins",
            "Pods that %s select too are theirs, not this policy's: the oldest policy governs a Pod, then the first by name"
                .formatted(String.join(", ", winners)));
  }

  private static List<Condition> shared(PodSnapshotPolicy policy, List<Condition> conditions) {
    return !policy.getSpec().groupingLabels().isEmpty()
        ? Conditions.without(conditions, SHARED)
        : Conditions.with(
            conditions,
            SHARED,
            true,
            "NoGroupingLabels",
            "a Pod may be restored from the memory and files of any other Pod of the same specification; set spec.snapshotGroupingRules.groupByLabelValue.labels to keep tenants apart");
  }
}
