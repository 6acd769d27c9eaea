package dev.podsnapshot.matching;

import dev.podsnapshot.api.PodSnapshotPolicy;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which policy governs a Pod: of those that select it the oldest, then the first by name. */
public final class Policies {
  private static final Comparator<PodSnapshotPolicy> PRECEDENCE =
      Comparator.comparing((PodSnapshotPolicy p) -> p.getMetadata().getCreationTimestamp())
          .thenComparing(p -> p.getMetadata().getName());

  private Policies() {}

  /**
   * @param policies of any namespace; those of others than the Pod's are left out
   */
  public static Optional<PodSnapshotPolicy> governing(
      Pod pod, Collection<PodSnapshotPolicy> policies) {
    var labels = labels(pod);
    return policies.stream()
        .filter(p -> p.getMetadata().getDeletionTimestamp() == null)
        .filter(p -> p.getMetadata().getNamespace().equals(pod.getMetadata().getNamespace()))
        .filter(p -> Selectors.selects(p.getSpec().selector(), labels))
        .min(PRECEDENCE);
  }

  /** Names of the policies that win over this one for the Pods that both could select. */
  public static List<String> winningOver(
      PodSnapshotPolicy policy, Collection<PodSnapshotPolicy> others) {
    return others.stream()
        .filter(p -> p.getMetadata().getDeletionTimestamp() == null)
        .filter(p -> p.getMetadata().getNamespace().equals(policy.getMetadata().getNamespace()))
        .filter(p -> PRECEDENCE.compare(p, policy) < 0)
        .filter(p -> Selectors.overlap(p.getSpec().selector(), policy.getSpec().selector()))
        .sorted(PRECEDENCE)
        .map(p -> p.getMetadata().getName())
        .toList();
  }

  public static Map<String, String> labels(Pod pod) {
    return pod.getMetadata().getLabels() == null ? Map.of() : pod.getMetadata().getLabels();
  }
}
