package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.ConditionedStatus;
import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.cli.Finding.Level;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicy;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBinding;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingAdmissionPolicyBindingBuilder;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.node.v1.RuntimeClass;
import io.fabric8.kubernetes.api.model.node.v1.RuntimeClassBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PreflightTest {
  private static final Set<String> ALL =
      Set.of(
          "PodSnapshot",
          "PodSnapshotManualTrigger",
          "PodSnapshotPolicy",
          "PodSnapshotStorageConfig",
          "PodSnapshotTokenRequest");
  private static final String FINGERPRINT =
      "{\"runscVersion\":\"release-1\",\"platform\":\"systrap\",\"architecture\":\"amd64\",\"cpuFeatures\":[\"sse\"]}";

  // What a test makes worse.
  private Lookup<Set<String>> kinds = Lookup.of(ALL);
  private Lookup<Set<String>> previewKinds = Lookup.of(ALL);
  private Lookup<Deployment> controller = Lookup.of(deployment(1));
  private Lookup<DaemonSet> agent = Lookup.of(new DaemonSet());
  private Lookup<List<Pod>> agents = Lookup.of(List.of(agentPod("n1", "True")));
  private Lookup<RuntimeClass> runtimeClass =
      Lookup.of(new RuntimeClassBuilder().withHandler("runsc").build());
  private Lookup<List<Node>> nodes = Lookup.of(List.of(node("n1", Map.of(), FINGERPRINT, "True")));
  private Lookup<ValidatingAdmissionPolicy> admission = Lookup.of(new ValidatingAdmissionPolicy());
  private Lookup<ValidatingAdmissionPolicyBinding> binding = Lookup.of(binding("Deny"));
  private Lookup<List<PodSnapshotStorageConfig>> storage =
      Lookup.of(List.of(storage(ready(true, "BucketAvailable", "gs://b can be used"))));
  private Lookup<List<PodSnapshotPolicy>> policies =
      Lookup.of(List.of(policy(ready(true, "PolicyReady", "the policy is in force"))));

  @Test
  void aGoodClusterIsOkInEveryLine() {
    var findings = findings();
    assertEquals(
        List.of(
            "API v1",
            "API v1alpha1",
            "controller",
            "RuntimeClass gvisor",
            "node n1",
            "admission policy",
            "storage bucket",
            "policy demo/app"),
        findings.stream().map(Finding::subject).toList());
    findings.forEach(f -> assertEquals(Level.OK, f.level(), f.toString()));
  }

  @Test
  void missingKindsFailInV1AndWarnInThePreview() {
    kinds = Lookup.of(Set.of("PodSnapshot"));
    previewKinds = new Lookup.Missing<>();
    assertEquals(Level.FAIL, finding("API v1").level());
    assertTrue(finding("API v1").detail().contains("PodSnapshotPolicy"));
    assertEquals(Level.WARN, finding("API v1alpha1").level());
    assertTrue(finding("API v1").remedy().contains("kubectl apply -k kubernetes/crds"));
  }

  @Test
  void aControllerThatIsMissingOrNotReadyFails() {
    controller = new Lookup.Missing<>();
    assertEquals(Level.FAIL, finding("controller").level());
    controller = Lookup.of(deployment(null));
    assertEquals(Level.FAIL, finding("controller").level());
    assertTrue(finding("controller").remedy().startsWith("kubectl -n system describe pods"));
  }

  @Test
  void aNodeWithoutAReadyAgentFails() {
    agents = Lookup.of(List.of(agentPod("elsewhere", "True")));
    assertEquals(Level.FAIL, finding("node n1").level());
    assertTrue(finding("node n1").detail().startsWith("no Pod snapshot agent runs there"));
    agents = Lookup.of(List.of(agentPod("n1", "False")));
    assertEquals("the agent's Pod agent-n1 is not ready", finding("node n1").detail());
    agents = Lookup.of(List.of(agentPod("n1", "True")));
    nodes = Lookup.of(List.of(node("n1", Map.of(), null, "True")));
    assertEquals(Level.FAIL, finding("node n1").level());
    assertTrue(finding("node n1").detail().contains(PodSnapshotApi.NODE_FINGERPRINT));
    nodes = Lookup.of(List.of(node("n1", Map.of(), null, "False")));
    assertEquals(Level.WARN, finding("node n1").level());
  }

  @Test
  void onlyNodesThatTheRuntimeClassAsksForCount() {
    runtimeClass =
        Lookup.of(
            new RuntimeClassBuilder()
                .withHandler("runsc")
                .withNewScheduling()
                .addToNodeSelector("sandbox", "gvisor")
                .endScheduling()
                .build());
    nodes =
        Lookup.of(
            List.of(
                node("n1", Map.of("sandbox", "gvisor"), FINGERPRINT, "True"),
                node("plain", Map.of(), null, "True")));
    assertEquals(Level.OK, finding("node n1").level());
    assertTrue(findings().stream().noneMatch(f -> f.subject().equals("node plain")));
    nodes = Lookup.of(List.of(node("plain", Map.of(), null, "True")));
    assertEquals(Level.FAIL, finding("nodes").level());
  }

  @Test
  void withoutItsAdmissionPolicyAClusterIsNotSafe() {
    binding = Lookup.of(binding("Audit"));
    assertEquals(Level.WARN, finding("admission policy").level());
    binding = new Lookup.Missing<>();
    assertEquals(Level.FAIL, finding("admission policy").level());
  }

  @Test
  void conditionsOfStorageAndPoliciesAreToldAsTheControllerWroteThem() {
    storage = Lookup.of(List.of(storage(ready(false, "BucketNotFound", "create it"))));
    assertEquals(
        Finding.fail("storage bucket", "BucketNotFound: create it", ""), finding("storage bucket"));
    storage =
        Lookup.of(
            List.of(
                storage(
                    Conditions.with(
                        ready(true, "BucketAvailable", "x"),
                        "ParallelUpload",
                        false,
                        "Harmful",
                        "one stream"))));
    assertEquals(
        Finding.warn("storage bucket", "Harmful: one stream", ""), finding("storage bucket"));
    policies =
        Lookup.of(
            List.of(
                policy(
                    Conditions.with(
                        ready(true, "PolicyReady", "x"),
                        "SharedSnapshots",
                        true,
                        "NoGroupingLabels",
                        "set labels"))));
    assertEquals(Level.WARN, finding("policy demo/app").level());
    policies = Lookup.of(List.of(policy(null)));
    assertEquals(Level.WARN, finding("policy demo/app").level());
    policies = Lookup.of(List.of());
    assertEquals(Level.WARN, finding("policies").level());
  }

  @Test
  void whatThisUserMayNotSeeIsAWarningAndNoFailure() {
    nodes = new Lookup.Refused<>("nodes is forbidden");
    agents = new Lookup.Refused<>("pods is forbidden");
    controller = new Lookup.Refused<>("deployments is forbidden");
    storage = new Lookup.Refused<>("no");
    assertFalse(findings().stream().anyMatch(f -> f.level() == Level.FAIL));
    assertEquals("can't be checked: nodes is forbidden", finding("nodes").detail());
  }

  @Test
  void theRemedyHasALineOfItsOwn() {
    assertEquals(
        "WARN  a    it is so\n      -> change it",
        Finding.warn("a", "it is so", "change it").text(3));
    assertEquals("OK    abc  fine", Finding.ok("abc", "fine").text(3));
  }

  private Finding finding(String subject) {
    return findings().stream()
        .filter(f -> f.subject().equals(subject))
        .findFirst()
        .orElseThrow(() -> new AssertionError(subject + " is not among " + findings()));
  }

  private List<Finding> findings() {
    return Preflight.of(
        new ClusterFacts(
            "system",
            kinds,
            previewKinds,
            controller,
            agent,
            agents,
            runtimeClass,
            nodes,
            admission,
            binding,
            storage,
            policies));
  }

  private static Deployment deployment(Integer ready) {
    return new DeploymentBuilder().withNewStatus().withReadyReplicas(ready).endStatus().build();
  }

  private static Pod agentPod(String node, String ready) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("agent-" + node)
        .endMetadata()
        .withNewSpec()
        .withNodeName(node)
        .endSpec()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready)
        .endCondition()
        .endStatus()
        .build();
  }

  private static Node node(
      String name, Map<String, String> labels, String fingerprint, String ready) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .withLabels(labels)
        .addToAnnotations(
            fingerprint == null ? Map.of() : Map.of(PodSnapshotApi.NODE_FINGERPRINT, fingerprint))
        .endMetadata()
        .withNewStatus()
        .addNewCondition()
        .withType("Ready")
        .withStatus(ready)
        .endCondition()
        .endStatus()
        .build();
  }

  private static ValidatingAdmissionPolicyBinding binding(String action) {
    return new ValidatingAdmissionPolicyBindingBuilder()
        .withNewSpec()
        .withValidationActions(action)
        .endSpec()
        .build();
  }

  private static List<Condition> ready(boolean status, String reason, String message) {
    return Conditions.with(null, Conditions.READY, status, reason, message);
  }

  private static PodSnapshotStorageConfig storage(List<Condition> conditions) {
    var config = new PodSnapshotStorageConfig();
    config.setMetadata(new ObjectMetaBuilder().withName("bucket").build());
    config.setStatus(new ConditionedStatus(conditions, 1L));
    return config;
  }

  private static PodSnapshotPolicy policy(List<Condition> conditions) {
    var policy = SnapshotFixture.policy("app");
    policy.setStatus(conditions == null ? null : new ConditionedStatus(conditions, 1L));
    return policy;
  }
}
