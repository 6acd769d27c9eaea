package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.matching.Candidate;
import dev.podsnapshot.matching.Decision;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.NodeFingerprint;
import dev.podsnapshot.matching.PodFacts;
import dev.podsnapshot.matching.Policies;
import dev.podsnapshot.matching.PolicyFacts;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/** Which snapshot a Pod would get if it started now, or why none. */
sealed interface Explanation {
  String RUNTIME_CLASS = "gvisor";

  /** It is none of ours: it starts as if there were no Pod snapshots. */
  record Untouched(String why) implements Explanation {}

  /**
   * @param answers one for all nodes that are alike
   */
  record Considered(String policy, String specHash, List<Answer> answers) implements Explanation {}

  /** What happens on these nodes. */
  sealed interface Answer {
    List<String> nodes();
  }

  /**
   * @param verdicts every snapshot of the namespace, the newest first
   */
  record Decided(List<String> nodes, Decision decision, List<Matching.Verdict> verdicts)
      implements Answer {}

  /** Nobody knows what these nodes can run. */
  record NoFingerprint(List<String> nodes) implements Answer {}

  /** A node that the Pod could start on; its fingerprint is empty if its agent never connected. */
  record Target(String node, Optional<NodeFingerprint> fingerprint) {}

  /**
   * @param pod as the API server has it, or would have it
   * @param snapshots all of its namespace
   */
  static Explanation of(
      Pod pod,
      Collection<PodSnapshotPolicy> policies,
      Collection<PodSnapshot> snapshots,
      List<Target> targets) {
    if (!RUNTIME_CLASS.equals(pod.getSpec().getRuntimeClassName())) {
      return new Untouched(
          "spec.runtimeClassName is %s: only Pods under gVisor are snapshotted and restored; set it to %s"
              .formatted(
                  pod.getSpec().getRuntimeClassName() == null
                      ? "not set"
                      : pod.getSpec().getRuntimeClassName(),
                  RUNTIME_CLASS));
    }
    var policy = Policies.governing(pod, policies);
    if (policy.isEmpty()) {
      return new Untouched(
          "no PodSnapshotPolicy in namespace %s selects its labels (%s): create one, or give the Pod the labels of one"
              .formatted(
                  pod.getMetadata().getNamespace(),
                  Policies.labels(pod).isEmpty()
                      ? "it has none"
                      : PrunePlan.text(Policies.labels(pod))));
    }
    var facts = PodFacts.of(pod);
    var policyFacts = PolicyFacts.of(policy.get());
    var candidates = snapshots.stream().map(Candidate::of).toList();
    var alike = new LinkedHashMap<Optional<NodeFingerprint>, List<String>>();
    targets.forEach(
        t -> alike.computeIfAbsent(t.fingerprint(), f -> new ArrayList<>()).add(t.node()));
    var answers = new ArrayList<Answer>();
    alike.forEach(
        (fingerprint, nodes) ->
            answers.add(
                fingerprint
                    .<Answer>map(
                        f ->
                            new Decided(
                                List.copyOf(nodes),
                                Matching.decide(facts, policyFacts, f, candidates),
                                Matching.explain(facts, policyFacts, f, candidates)))
                    .orElseGet(() -> new NoFingerprint(List.copyOf(nodes)))));
    return new Considered(policyFacts.name(), facts.specHash(), List.copyOf(answers));
  }
}
