package dev.podsnapshot.matching;

import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotScope;
import java.util.List;

/** The policy that governs a Pod, as matching sees it. */
public record PolicyFacts(String name, String scope, List<String> groupingLabels) {

  public static PolicyFacts of(PodSnapshotPolicy policy) {
    return new PolicyFacts(
        policy.getMetadata().getName(),
        policy.getSpec().scope() == SnapshotScope.ROOTFS_ONLY ? "rootfs-only" : "whole-pod",
        policy.getSpec().groupingLabels());
  }
}
