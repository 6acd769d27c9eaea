package dev.podsnapshot.matching;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Label selectors, with the API server's own meaning: all requirements hold. */
public final class Selectors {
  private Selectors() {}

  /** An empty selector selects all, none (null) nothing. */
  public static boolean selects(LabelSelector selector, Map<String, String> labels) {
    return selector != null && requirements(selector).stream().allMatch(r -> holds(r, labels));
  }

  /**
   * Whether some set of labels is selected by both. Exact: requirements on different keys are free.
   */
  public static boolean overlap(LabelSelector a, LabelSelector b) {
    if (a == null || b == null) {
      return false;
    }
    var byKey = new HashMap<String, List<LabelSelectorRequirement>>();
    var all = new ArrayList<>(requirements(a));
    all.addAll(requirements(b));
    all.forEach(r -> byKey.computeIfAbsent(r.getKey(), key -> new ArrayList<>()).add(r));
    return byKey.entrySet().stream().allMatch(e -> satisfiable(e.getKey(), e.getValue()));
  }

  /** It is enough to try: no value, each value that is named, and one that nobody names. */
  private static boolean satisfiable(String key, List<LabelSelectorRequirement> requirements) {
    var tries = new ArrayList<Map<String, String>>();
    tries.add(Map.of());
    var named = new HashSet<String>();
    requirements.forEach(r -> named.addAll(r.getValues()));
    named.forEach(value -> tries.add(Map.of(key, value)));
    tries.add(Map.of(key, unnamed(named)));
    return tries.stream().anyMatch(labels -> requirements.stream().allMatch(r -> holds(r, labels)));
  }

  private static String unnamed(Set<String> named) {
    var value = "x";
    while (named.contains(value)) {
      value += "x";
    }
    return value;
  }

  private static List<LabelSelectorRequirement> requirements(LabelSelector selector) {
    var result = new ArrayList<LabelSelectorRequirement>(selector.getMatchExpressions());
    if (selector.getMatchLabels() != null) {
      selector
          .getMatchLabels()
          .forEach((k, v) -> result.add(new LabelSelectorRequirement(k, "In", List.of(v))));
    }
    return result;
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
