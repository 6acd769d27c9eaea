package dev.podsnapshot.cli;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.node.v1.RuntimeClass;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Whether a cluster can take and restore snapshots: every part, and what to do about it. */
final class Preflight {
  static final String CONTROLLER = "podsnapshot-controller";
  static final String AGENT = "pod-snapshot-agent";
  static final String ADMISSION_POLICY = "gke-pod-snapshot-validating-admission-policy";
  static final String ADMISSION_BINDING = "gke-pod-snapshot-vap-binding";

  private static final Set<String> KINDS =
      Set.of(
          "PodSnapshot",
          "PodSnapshotManualTrigger",
          "PodSnapshotPolicy",
          "PodSnapshotStorageConfig",
          "PodSnapshotTokenRequest");

  /** Conditions of a policy that are a warning while they are True. */
  private static final Set<String> WARNING_WHILE_TRUE = Set.of("Overlapping", "SharedSnapshots");

  private static final String APPLY = "kubectl apply -k kubernetes/base (or an overlay of it)";

  private Preflight() {}

  static List<Finding> of(ClusterFacts facts) {
    var findings = new ArrayList<Finding>();
    findings.add(api(facts.kinds(), PodSnapshotApi.VERSION, Finding.Level.FAIL));
    findings.add(api(facts.previewKinds(), PodSnapshotApi.PREVIEW_VERSION, Finding.Level.WARN));
    findings.add(controller(facts));
    findings.add(runtimeClass(facts.runtimeClass()));
    findings.addAll(agents(facts));
    findings.add(admission(facts));
    findings.addAll(storageConfigs(facts.storageConfigs()));
    findings.addAll(policies(facts.policies()));
    return List.copyOf(findings);
  }

  private static Finding api(Lookup<Set<String>> served, String version, Finding.Level level) {
    var subject = "API " + version;
    var remedy =
        level == Finding.Level.FAIL
            ? "kubectl apply -k kubernetes/crds"
            : "manifests of the preview are refused; kubectl apply -k kubernetes/crds";
    return served.fold(
        kinds -> {
          var missing = new TreeSet<>(KINDS);
          missing.removeAll(kinds);
          return missing.isEmpty()
              ? Finding.ok(subject, "%s serves all kinds".formatted(PodSnapshotApi.GROUP))
              : new Finding(level, subject, "not served: " + String.join(", ", missing), remedy);
        },
        () ->
            new Finding(
                level,
                subject,
                "%s/%s is not served".formatted(PodSnapshotApi.GROUP, version),
                remedy),
        why -> unseen(subject, why));
  }

  private static Finding controller(ClusterFacts facts) {
    var subject = "controller";
    return facts
        .controller()
        .fold(
            deployment -> {
              var ready =
                  deployment.getStatus() == null
                      ? 0
                      : Optional.ofNullable(deployment.getStatus().getReadyReplicas()).orElse(0);
              return ready > 0
                  ? Finding.ok(
                      subject,
                      "Deployment %s/%s is ready (%d)".formatted(facts.system(), CONTROLLER, ready))
                  : Finding.fail(
                      subject,
                      "Deployment %s/%s has no ready Pod: no trigger is answered, every Pod starts cold"
                          .formatted(facts.system(), CONTROLLER),
                      "kubectl -n %s describe pods -l app=%s"
                          .formatted(facts.system(), CONTROLLER));
            },
            () ->
                Finding.fail(
                    subject,
                    "Deployment %s/%s does not exist".formatted(facts.system(), CONTROLLER),
                    APPLY + "; if it is in another namespace: --system-namespace"),
            why -> unseen(subject, why));
  }

  private static Finding runtimeClass(Lookup<RuntimeClass> runtimeClass) {
    var subject = "RuntimeClass " + Explanation.RUNTIME_CLASS;
    return runtimeClass.fold(
        found -> Finding.ok(subject, "its handler is " + found.getHandler()),
        () ->
            Finding.fail(
                subject,
                "does not exist: no Pod can run under gVisor",
                "install gVisor on the nodes and create the RuntimeClass (https://gvisor.dev/docs/user_guide/containerd/quick_start/)"),
        why -> unseen(subject, why));
  }

  private static List<Finding> agents(ClusterFacts facts) {
    var findings = new ArrayList<Finding>();
    var subject = "agent";
    switch (facts.agent()) {
      case Lookup.Missing<?> missing ->
          findings.add(
              Finding.fail(
                  subject,
                  "DaemonSet %s/%s does not exist".formatted(facts.system(), AGENT),
                  APPLY + "; if it is in another namespace: --system-namespace"));
      case Lookup.Refused<?> refused -> findings.add(unseen(subject, refused.why()));
      case Lookup.Found<?> found -> {}
    }
    switch (facts.nodes()) {
      case Lookup.Refused<?> refused -> findings.add(unseen("nodes", refused.why()));
      case Lookup.Missing<?> missing -> {}
      case Lookup.Found<List<Node>> nodes -> {
        var capable =
            nodes.object().stream()
                .filter(n -> capable(n, facts.runtimeClass().value()))
                .sorted(Comparator.comparing(n -> n.getMetadata().getName()))
                .toList();
        if (capable.isEmpty()) {
          findings.add(
              Finding.fail(
                  "nodes",
                  "no node can run gVisor: none has the labels that RuntimeClass gvisor asks for",
                  "add nodes with gVisor, or label those that have it"));
        }
        capable.forEach(n -> findings.add(node(n, facts)));
      }
    }
    return findings;
  }

  /** A RuntimeClass that asks for no labels says that every node can. */
  private static boolean capable(Node node, Optional<RuntimeClass> runtimeClass) {
    var labels =
        Optional.ofNullable(node.getMetadata().getLabels()).orElse(Map.<String, String>of());
    return runtimeClass
        .map(RuntimeClass::getScheduling)
        .map(s -> s.getNodeSelector())
        .map(selector -> labels.entrySet().containsAll(selector.entrySet()))
        .orElse(true);
  }

  private static Finding node(Node node, ClusterFacts facts) {
    var name = node.getMetadata().getName();
    var subject = "node " + name;
    if (!ready(
        node.getStatus() == null || node.getStatus().getConditions() == null
            ? null
            : node.getStatus().getConditions().stream()
                .filter(c -> "Ready".equals(c.getType()))
                .map(c -> c.getStatus())
                .findFirst()
                .orElse(null))) {
      return Finding.warn(subject, "is not Ready", "kubectl describe node " + name);
    }
    if (facts.agents() instanceof Lookup.Refused<List<Pod>> refused) {
      return unseen(subject, refused.why());
    }
    var agent =
        facts.agents().value().orElse(List.of()).stream()
            .filter(p -> name.equals(p.getSpec().getNodeName()))
            .findFirst();
    if (agent.isEmpty()) {
      return Finding.fail(
          subject,
          "no Pod snapshot agent runs there: Pods can't be snapshotted and start cold",
          "kubectl -n %s describe daemonset %s; let it tolerate the node's taints and match its labels"
              .formatted(facts.system(), AGENT));
    }
    if (!ready(Restoration.condition(agent.get(), "Ready").map(c -> c.getStatus()).orElse(null))) {
      return Finding.fail(
          subject,
          "the agent's Pod %s is not ready".formatted(agent.get().getMetadata().getName()),
          "kubectl -n %s describe pod %s"
              .formatted(facts.system(), agent.get().getMetadata().getName()));
    }
    return Fingerprints.of(node)
        .map(
            f ->
                Finding.ok(
                    subject,
                    "agent ready; gVisor %s, %s, %s, %d CPU features"
                        .formatted(
                            f.runscVersion(),
                            f.platform(),
                            f.architecture(),
                            f.cpuFeatures().size())))
        .orElseGet(
            () ->
                Finding.fail(
                    subject,
                    "the agent is ready but has no readable annotation %s: it never reached the controller"
                        .formatted(PodSnapshotApi.NODE_FINGERPRINT),
                    "kubectl -n %s logs %s --all-containers"
                        .formatted(facts.system(), agent.get().getMetadata().getName())));
  }

  private static boolean ready(String status) {
    return "True".equals(status);
  }

  private static Finding admission(ClusterFacts facts) {
    var subject = "admission policy";
    for (var lookup : List.of(facts.admission(), facts.admissionBinding())) {
      if (lookup instanceof Lookup.Refused<?> refused) {
        return unseen(subject, refused.why());
      }
      if (lookup instanceof Lookup.Missing<?>) {
        return Finding.fail(
            subject,
            "ValidatingAdmissionPolicy %s or its binding %s does not exist: whoever may write PodSnapshots decides what runs in Pods"
                .formatted(ADMISSION_POLICY, ADMISSION_BINDING),
            APPLY);
      }
    }
    var actions = facts.admissionBinding().value().orElseThrow().getSpec().getValidationActions();
    return actions.contains("Deny")
        ? Finding.ok(subject, "only the controller writes PodSnapshots")
        : Finding.warn(
            subject,
            "binding %s has validationActions %s: it denies nothing"
                .formatted(ADMISSION_BINDING, actions),
            "set spec.validationActions to [Deny] again");
  }

  private static List<Finding> storageConfigs(Lookup<List<PodSnapshotStorageConfig>> lookup) {
    return lookup.fold(
        configs ->
            configs.isEmpty()
                ? List.of(
                    Finding.warn(
                        "storage",
                        "there is no PodSnapshotStorageConfig",
                        "create one with a bucket"))
                : configs.stream()
                    .sorted(Comparator.comparing(c -> c.getMetadata().getName()))
                    .flatMap(
                        c ->
                            conditions(
                                "storage " + c.getMetadata().getName(),
                                c.getStatus() == null ? null : c.getStatus().conditions())
                                .stream())
                    .toList(),
        List::of,
        why -> List.of(unseen("storage", why)));
  }

  private static List<Finding> policies(Lookup<List<PodSnapshotPolicy>> lookup) {
    return lookup.fold(
        policies ->
            policies.isEmpty()
                ? List.of(
                    Finding.warn(
                        "policies",
                        "there is no PodSnapshotPolicy: no Pod is snapshotted",
                        "create one that selects your Pods"))
                : policies.stream()
                    .sorted(
                        Comparator.comparing(
                            p -> p.getMetadata().getNamespace() + "/" + p.getMetadata().getName()))
                    .flatMap(
                        p ->
                            conditions(
                                "policy %s/%s"
                                    .formatted(
                                        p.getMetadata().getNamespace(), p.getMetadata().getName()),
                                p.getStatus() == null ? null : p.getStatus().conditions())
                                .stream())
                    .toList(),
        List::of,
        why -> List.of(unseen("policies", why)));
  }

  /** Ready decides; what else the controller has to say is a warning. Its texts name the remedy. */
  private static List<Finding> conditions(String subject, List<Condition> conditions) {
    var ready = Conditions.find(conditions, Conditions.READY);
    if (ready.isEmpty()) {
      return List.of(
          Finding.warn(
              subject, "the controller has not looked at it", "see the line of the controller"));
    }
    if (!ready(ready.get().getStatus())) {
      return List.of(Finding.fail(subject, text(ready.get()), ""));
    }
    var warnings =
        conditions.stream()
            .filter(c -> !c.getType().equals(Conditions.READY))
            .filter(
                c ->
                    WARNING_WHILE_TRUE.contains(c.getType())
                        ? "True".equals(c.getStatus())
                        : "False".equals(c.getStatus()))
            .map(c -> Finding.warn(subject, text(c), ""))
            .toList();
    return warnings.isEmpty() ? List.of(Finding.ok(subject, text(ready.get()))) : warnings;
  }

  private static String text(Condition condition) {
    return condition.getReason() + ": " + condition.getMessage();
  }

  private static Finding unseen(String subject, String why) {
    return Finding.warn(
        subject, "can't be checked: " + why, "run this as somebody who may read it");
  }
}
