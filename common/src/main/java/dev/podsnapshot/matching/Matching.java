package dev.podsnapshot.matching;

import dev.podsnapshot.matching.Decision.Cold;
import dev.podsnapshot.matching.Decision.Reason;
import dev.podsnapshot.matching.Decision.Restore;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The choice of a snapshot: the newest Ready one of the Pod's policy, group, spec and node; {@code
 * ps-name} overrides the choice but no rule (reference, section 3).
 */
public final class Matching {
  private Matching() {}

  /** One candidate and the first rule that it fails; no failure: it matches. */
  public record Verdict(Candidate candidate, Optional<Cold> failure) {}

  /**
   * @param candidates all snapshots of the Pod's namespace
   */
  public static Decision decide(
      PodFacts pod, PolicyFacts policy, NodeFingerprint node, Collection<Candidate> candidates) {
    if (pod.unsupported().isPresent()) {
      return new Cold(Reason.UNSUPPORTED_POD, pod.unsupported().get());
    }
    if (pod.requested().isPresent()) {
      return requested(pod.requested().get(), pod, policy, node, candidates);
    }
    var verdicts = explain(pod, policy, node, candidates);
    return verdicts.stream()
        .filter(v -> v.failure().isEmpty())
        .findFirst()
        .<Decision>map(v -> new Restore(v.candidate()))
        .orElseGet(() -> nearest(verdicts));
  }

  /** Each candidate, newest first, with the first rule it fails. */
  public static List<Verdict> explain(
      PodFacts pod, PolicyFacts policy, NodeFingerprint node, Collection<Candidate> candidates) {
    return candidates.stream()
        .sorted(
            Comparator.comparing(Candidate::created)
                .reversed()
                .thenComparing(Candidate::name, Comparator.reverseOrder()))
        .map(c -> new Verdict(c, failure(c, pod, policy, node)))
        .toList();
  }

  private static Decision requested(
      String name,
      PodFacts pod,
      PolicyFacts policy,
      NodeFingerprint node,
      Collection<Candidate> candidates) {
    if (name.isEmpty()) {
      return new Cold(Reason.RESTORE_DISABLED, "resource name may not be empty");
    }
    var found = candidates.stream().filter(c -> c.name().equals(name)).findFirst();
    if (found.isEmpty()) {
      return new Cold(
          Reason.SNAPSHOT_NOT_FOUND,
          "PodSnapshot %s/%s does not exist; it must be in the Pod's namespace"
              .formatted(pod.namespace(), name));
    }
    return failure(found.get(), pod, policy, node)
        .<Decision>map(cold -> cold)
        .orElseGet(() -> new Restore(found.get()));
  }

  /**
   * The reason of the candidate that came nearest: the one that passed most rules, newest first.
   */
  private static Cold nearest(List<Verdict> verdicts) {
    return verdicts.stream()
        .map(v -> v.failure().orElseThrow())
        .max(Comparator.comparingInt(Matching::rulesPassed))
        .filter(cold -> rulesPassed(cold) > 0)
        .orElse(new Cold(Reason.NO_SNAPSHOT_YET, "there is no snapshot of this Pod's group yet"));
  }

  /** A candidate of another policy or group, or one not ready, is no near miss: nobody asked. */
  private static int rulesPassed(Cold cold) {
    return switch (cold.reason()) {
      case NODE_MISMATCH -> 2;
      case SPEC_MISMATCH -> 1;
      default -> 0;
    };
  }

  private static Optional<Cold> failure(
      Candidate c, PodFacts pod, PolicyFacts policy, NodeFingerprint node) {
    if (c.deleting()) {
      return cold(c, pod, Reason.SNAPSHOT_NOT_READY, "is being deleted");
    }
    if (!c.ready()) {
      return cold(c, pod, Reason.SNAPSHOT_NOT_READY, "is not Ready");
    }
    if (!c.policy().equals(policy.name())) {
      return cold(
          c,
          pod,
          Reason.POLICY_MISMATCH,
          "belongs to policy %s, the Pod to %s".formatted(c.policy(), policy.name()));
    }
    var group = group(policy.groupingLabels(), pod.labels());
    if (!group.equals(group(policy.groupingLabels(), c.group()))) {
      return cold(
          c,
          pod,
          Reason.GROUP_MISMATCH,
          "is of group %s, the Pod of %s"
              .formatted(group(policy.groupingLabels(), c.group()), group));
    }
    if (!policy.scope().equals(c.scope())) {
      return cold(
          c,
          pod,
          Reason.SCOPE_MISMATCH,
          "is %s, the policy asks for %s".formatted(c.scope(), policy.scope()));
    }
    if (c.scope().equals("rootfs-only")) {
      return fingerprint(c)
          .flatMap(f -> f.rootfsMismatch(node))
          .flatMap(why -> cold(c, pod, Reason.NODE_MISMATCH, "does not fit this node: " + why));
    }
    if (!pod.specHash().equals(c.specHash())) {
      return cold(
          c,
          pod,
          Reason.SPEC_MISMATCH,
          "was taken of another Pod specification (%s, this Pod has %s)"
              .formatted(c.specHash(), pod.specHash()));
    }
    // Resources are not in the specification's hash, but a GPU's state needs its GPU.
    if (pod.gpus() != c.gpus()) {
      return cold(
          c,
          pod,
          Reason.SPEC_MISMATCH,
          "was taken of a Pod with %d GPUs, this one has %d".formatted(c.gpus(), pod.gpus()));
    }
    if (c.fingerprint() == null) {
      return cold(c, pod, Reason.NODE_MISMATCH, "does not tell the node it was taken on");
    }
    return c.fingerprint()
        .mismatch(node)
        .flatMap(why -> cold(c, pod, Reason.NODE_MISMATCH, "does not fit this node: " + why));
  }

  private static Optional<NodeFingerprint> fingerprint(Candidate c) {
    return Optional.ofNullable(c.fingerprint());
  }

  /**
   * The group of a Pod or snapshot: those of the grouping labels that it has, with their values.
   */
  public static Map<String, String> group(List<String> keys, Map<String, String> labels) {
    var group = new HashMap<String, String>();
    for (var key : keys) {
      if (labels.containsKey(key)) {
        group.put(key, labels.get(key));
      }
    }
    return group;
  }

  private static Optional<Cold> cold(Candidate c, PodFacts pod, Reason reason, String what) {
    return Optional.of(
        new Cold(reason, "PodSnapshot %s/%s %s".formatted(pod.namespace(), c.name(), what)));
  }
}
