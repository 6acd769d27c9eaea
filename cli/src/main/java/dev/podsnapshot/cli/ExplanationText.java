package dev.podsnapshot.cli;

import dev.podsnapshot.matching.Decision;
import dev.podsnapshot.matching.Matching;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An explanation, for people and for programs.
 *
 * @param from where the Pod was read from
 * @param happened the Pod's condition PodRestored, if it has started already
 */
record ExplanationText(
    Pod pod, String from, Optional<PodCondition> happened, Explanation explanation, Instant now) {

  String text() {
    var lines = new ArrayList<String>();
    lines.add(
        "Pod:        %s/%s (%s)"
            .formatted(pod.getMetadata().getNamespace(), pod.getMetadata().getName(), from));
    happened.ifPresent(
        c ->
            lines.add(
                "Its start:  PodRestored=%s, %s: %s"
                    .formatted(c.getStatus(), c.getReason(), c.getMessage())));
    switch (explanation) {
      case Explanation.Untouched untouched ->
          lines.add("Would now:  start cold: " + untouched.why());
      case Explanation.Considered considered -> {
        lines.add("Policy:     " + considered.policy());
        lines.add("Spec hash:  " + considered.specHash());
        considered.answers().forEach(answer -> answer(answer, lines));
      }
    }
    return String.join("\n", lines);
  }

  private void answer(Explanation.Answer answer, List<String> lines) {
    lines.add("");
    lines.add(
        (answer.nodes().size() == 1 ? "Node:       " : "Nodes:      ")
            + String.join(", ", answer.nodes()));
    switch (answer) {
      case Explanation.NoFingerprint none ->
          lines.add(
              "Would now:  start cold: the Pod snapshot agent never connected from there; run kubectl podsnapshot check");
      case Explanation.Decided decided -> {
        lines.add("Would now:  " + text(decided.decision()));
        if (!decided.verdicts().isEmpty()) {
          lines.add("");
          lines.add(
              new Table(
                      List.of("CANDIDATE", "AGE", "VERDICT", "WHY"),
                      decided.verdicts().stream().map(v -> row(v, decided.decision())).toList())
                  .text());
        }
      }
    }
  }

  private List<String> row(Matching.Verdict verdict, Decision decision) {
    return List.of(
        verdict.candidate().name(),
        Ages.since(verdict.candidate().created(), now),
        verdict.failure().map(f -> f.reason().text()).orElse("Matches"),
        verdict
            .failure()
            .map(Decision.Cold::message)
            .orElse(
                decision instanceof Decision.Restore restore
                        && restore.snapshot().name().equals(verdict.candidate().name())
                    ? "it is taken"
                    : "another one is taken"));
  }

  private static String text(Decision decision) {
    return switch (decision) {
      case Decision.Restore restore -> "restore from PodSnapshot " + restore.snapshot().name();
      case Decision.Cold cold ->
          "start cold, %s: %s".formatted(cold.reason().text(), cold.message());
    };
  }

  /** The same as a tree of maps and lists. */
  Map<String, Object> tree() {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("namespace", pod.getMetadata().getNamespace());
    tree.put("pod", pod.getMetadata().getName());
    switch (explanation) {
      case Explanation.Untouched untouched -> tree.put("untouched", untouched.why());
      case Explanation.Considered considered -> {
        tree.put("policy", considered.policy());
        tree.put("specHash", considered.specHash());
        tree.put("answers", considered.answers().stream().map(ExplanationText::tree).toList());
      }
    }
    return tree;
  }

  private static Map<String, Object> tree(Explanation.Answer answer) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("nodes", answer.nodes());
    switch (answer) {
      case Explanation.NoFingerprint none -> {
        tree.put("restore", null);
        tree.put("reason", "NoFingerprint");
        tree.put("message", "the Pod snapshot agent never connected from there");
        tree.put("candidates", List.of());
      }
      case Explanation.Decided decided -> {
        var cold = decided.decision() instanceof Decision.Cold c ? c : null;
        tree.put(
            "restore",
            decided.decision() instanceof Decision.Restore restore
                ? restore.snapshot().name()
                : null);
        tree.put("reason", cold == null ? null : cold.reason().text());
        tree.put("message", cold == null ? null : cold.message());
        tree.put(
            "candidates",
            decided.verdicts().stream()
                .map(
                    v -> {
                      var candidate = new LinkedHashMap<String, Object>();
                      candidate.put("name", v.candidate().name());
                      candidate.put("created", v.candidate().created().toString());
                      candidate.put("matches", v.failure().isEmpty());
                      candidate.put("reason", v.failure().map(f -> f.reason().text()).orElse(null));
                      candidate.put(
                          "message", v.failure().map(Decision.Cold::message).orElse(null));
                      return candidate;
                    })
                .toList());
      }
    }
    return tree;
  }
}
