package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshotPolicy;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;

/** Which policy governs a Pod: of those that select it the oldest, then the first by name. */
final class Policies {
  private Policies() {}

  static Optional<PodSnapshotPolicy> governing(Pod pod, Collection<PodSnapshotPolicy> policies) {
    var labels = labels(pod);
    return policies.stream()
        .filter(p -> p.getMetadata().getDeletionTimestamp() == null)
        .filter(p -> p.getMetadata().getNamespace().equals(pod.getMetadata().getNamespace()))
        .filter(p -> selects(p.getSpec().selector(), labels))
        .min(
            Comparator.comparing((PodSnapshotPolicy p) -> p.getMetadata().getCreationTimestamp())
                .thenComparing(p -> p.getMetadata().getName()));
  }

  static Map<String, String> labels(Pod pod) {
    return pod.getMetadata().getLabels() == null ? Map.of() : pod.getMetadata().getLabels();
  }

  /** As the API server's own selectors: all requirements hold; an empty selector selects all. */
  static boolean selects(LabelSelector selector, Map<String, String> labels) {
    if (selector == null) {
      return false;
    }
    var wanted =
        selector.getMatchLabels() == null ? Map.<String, String>of() : selector.getMatchLabels();
    return wanted.entrySet().stream().allMatch(e -> e.getValue().equals(labels.get(e.getKey())))
        && selector.getMatchExpressions().stream().allMatch(r -> holds(r, labels));
  }

  private static boolean holds(LabelSelectorRequirement requirement, Map<String, String> labels) {
    var value = labels.get(requirement.getKey());
    return switch (requirement.getOperator()) {
      case "In" -> value != null && requirement.getValues().contains(value);
      case "NotIn" -> value == null || !requirement.getValues().contains(value);
      case "Exists" -> value != null;
      case "DoesNotExist" -> value == null;
      default -> false;
    };
  }
}
