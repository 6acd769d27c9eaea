package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotSpec;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The resources as the API server serves them: versions, columns, validation, who may write. */
class ApiTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    node.close();
  }

  private String apply(String yaml) {
    return Kubectl.apply(yaml, node.namespace);
  }

  private void refused(String yaml, String why) {
    var e = assertThrows(Kubectl.FailedException.class, () -> apply(yaml));
    assertTrue(e.getMessage().contains(why), e.getMessage());
  }

  private static String policy(String name, String spec) {
    return """
        apiVersion: podsnapshot.gke.io/v1
        kind: PodSnapshotPolicy
        metadata: {name: %s}
        spec: %s
        """
        .formatted(name, spec);
  }

  @Test
  void bothVersionsServeTheSameObjects() {
    apply(
        policy(
                "preview",
                "{storageConfigName: c, selector: {matchLabels: {a: b}}, triggerConfig: {type: manual}}")
            .replace("podsnapshot.gke.io/v1", "podsnapshot.gke.io/v1alpha1"));
    for (var version : List.of("v1", "v1alpha1")) {
      var spec =
          Kubectl.run(
              "get",
              "podsnapshotpolicies." + version + ".podsnapshot.gke.io",
              "preview",
              "-n",
              node.namespace,
              "-o",
              "jsonpath={.apiVersion} {.spec.snapshotScope} {.spec.triggerConfig.postCheckpoint}");
      assertEquals("podsnapshot.gke.io/" + version + " whole-pod resume", spec);
    }
    for (var kind : List.of("pssc", "psp", "psmt", "ps", "pstr")) {
      Kubectl.run("get", kind, "-n", node.namespace);
    }
  }

  @Test
  void theColumnsAreThoseOfTheOriginal() throws IOException {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var name = node.snapshot("first");
    assertColumns("ps", "NAME STATUS POLICY LABELS AGE", name + " AllSnapshotsAvailable app ");
    assertColumns("psp", "NAME STORAGECONFIG SELECTOR AGE", "app " + node.namespace + " ");
    assertColumns("psmt", "NAME TARGET POD STATUS AGE", " first Complete ");
    assertColumns("pssc", "NAME AGE", node.namespace + " ");
    var ofPolicy =
        Kubectl.run(
            "get",
            "ps",
            "-n",
            node.namespace,
            "--field-selector",
            "spec.policyName=app",
            "-o",
            "name");
    assertEquals("podsnapshot.podsnapshot.gke.io/" + name, ofPolicy.strip());
    assertEquals(
        "",
        Kubectl.run(
                "get",
                "ps",
                "-n",
                node.namespace,
                "--field-selector",
                "spec.policyName=other",
                "-o",
                "name")
            .strip());
  }

  private void assertColumns(String kind, String header, String row) {
    var lines =
        Kubectl.run("get", kind, "-n", node.namespace)
            .lines()
            .map(l -> l.replaceAll(" +", " "))
            .toList();
    assertEquals(header, lines.getFirst().strip());
    assertTrue(lines.stream().anyMatch(l -> l.contains(row)), lines.toString());
  }

  @Test
  void badInputIsRefusedWithTheFieldAndTheRemedy() {
    var good =
        "storageConfigName: c, selector: {matchLabels: {a: b}}, triggerConfig: {type: manual}";
    refused(
        policy("p", "{" + good.replace("manual", "sometimes") + "}"), "spec.triggerConfig.type");
    refused(policy("p", "{selector: {}, triggerConfig: {type: manual}}"), "spec.storageConfigName");
    refused(policy("p", "{storageConfigName: c, triggerConfig: {type: manual}}"), "spec.selector");
    refused(policy("p", "{storageConfigName: c, selector: {}}"), "spec.triggerConfig");
    refused(policy("p", "{" + good + ", snapshotScope: memory}"), "spec.snapshotScope");
    for (var timeout : List.of("7", "7w", "d", "-1d")) {
      refused(
          policy("p", "{" + good + ", retentionConfig: {lastAccessTimeout: \"" + timeout + "\"}}"),
          "spec.retentionConfig.lastAccessTimeout");
    }
    refused(
        policy("p", "{" + good + ", snapshotGroupingRules: {groupByLabelValue: {labels: []}}}"),
        "spec.snapshotGroupingRules.groupByLabelValue.labels");
    refused(
        policy(
            "p",
            "{"
                + good
                + ", snapshotGroupingRules: {groupByLabelValue: {labels: [a], groupRetentionPolicy: {maxSnapshotCountPerGroup: -1}}}}"),
        "maxSnapshotCountPerGroup");
    refused(
        policy(
            "p",
            "{storageConfigName: c, selector: {matchExpressions: [{key: a, operator: In}]}, triggerConfig: {type: manual}}"),
        "the operator is In or NotIn with values");
    for (var path : List.of("../other", "a/./b", "a/../../b")) {
      refused(
          """
          apiVersion: podsnapshot.gke.io/v1
          kind: PodSnapshotStorageConfig
          metadata: {name: %s-bad}
          spec: {snapshotStorageConfig: {gcs: {bucket: b, path: "%s"}}}
          """
              .formatted(node.namespace, path),
          "spec.snapshotStorageConfig.gcs.path");
    }
    refused(
        """
        apiVersion: podsnapshot.gke.io/v1
        kind: PodSnapshotStorageConfig
        metadata: {name: %s-bad}
        spec: {snapshotStorageConfig: {gcs: {bucket: "No Such/Name"}}}
        """
            .formatted(node.namespace),
        "bucket");
    var trigger =
        """
        apiVersion: podsnapshot.gke.io/v1
        kind: PodSnapshotManualTrigger
        metadata: {name: t}
        spec: {targetPod: "%s"}
        """;
    refused(trigger.formatted(""), "spec.targetPod");
    apply(trigger.formatted("one"));
    refused(trigger.formatted("two"), "spec.targetPod is immutable");
  }

  @Test
  void onlyTheControllerWritesPodSnapshots() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var name = node.snapshot("first");
    var forged = new PodSnapshot();
    forged.setMetadata(node.meta("forged").build());
    forged.setSpec(new PodSnapshotSpec("app"));
    Stream.<Runnable>of(
            () -> node.client.resource(forged).create(),
            () ->
                node.client
                    .resources(PodSnapshot.class)
                    .inNamespace(node.namespace)
                    .withName(name)
                    .edit(
                        s -> {
                          s.getMetadata().getLabels().put("x", "y");
                          return s;
                        }),
            () -> {
              var snapshot = node.find(name).orElseThrow();
              snapshot.setStatus(
                  snapshot
                      .getStatus()
                      .withConditions(
                          Conditions.with(null, Conditions.READY, false, "Forged", "forged")));
              node.client.resource(snapshot).updateStatus();
            })
        .forEach(
            write -> {
              var e = assertThrows(KubernetesClientException.class, write::run);
              assertTrue(
                  e.getMessage().contains("written by the Pod snapshot controller only"),
                  e.getMessage());
            });
    // Its policy is immutable even for the controller.
    var e =
        assertThrows(
            Kubectl.FailedException.class,
            () ->
                Kubectl.run(
                    "patch",
                    "ps",
                    name,
                    "-n",
                    node.namespace,
                    "--as=system:serviceaccount:podsnapshot-system:podsnapshot-controller",
                    "--type=merge",
                    "-p",
                    "{\"spec\":{\"policyName\":\"other\"}}"));
    assertTrue(e.getMessage().contains("spec.policyName is immutable"), e.getMessage());
  }

  @Test
  void aSnapshotTellsWhereItCameFrom() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var snapshot = node.find(node.snapshot("first")).orElseThrow();
    var annotations = snapshot.getMetadata().getAnnotations();
    var labels = snapshot.getMetadata().getLabels();
    assertEquals("first", annotations.get("podsnapshot.gke.io/origin-pod"));
    assertEquals("node1", annotations.get("podsnapshot.gke.io/origin-node"));
    assertEquals("first", labels.get("podsnapshot.gke.io/pod-name"));
    assertTrue(labels.get("gke-pod-snapshot-triggered-by").startsWith("t-"));
    assertTrue(labels.get("podsnapshot.gke.io/pod-template-hash").startsWith("v1-"));
    assertTrue(labels.get("podsnapshot.gke.io/runsc-version").startsWith("release-"));
    assertEquals("amd64", labels.get("podsnapshot.gke.io/architecture"));
    assertEquals(
        "gs://podsnapshots/%s/snapshots/%s/"
            .formatted(node.namespace, snapshot.getMetadata().getName()),
        snapshot.getStatus().storageStatus().gcs().observedGCSPath());
    for (var type :
        List.of(Conditions.CHECKPOINT, Conditions.STORAGE_REPLICATED, Conditions.READY)) {
      assertTrue(Conditions.isTrue(snapshot.getStatus().conditions(), type), type);
    }
  }

  @Test
  void policiesSayWhyTheyAreNotReadyAndWhichOneWins() {
    apply(
        policy(
            "orphan",
            "{storageConfigName: no-such, selector: {matchLabels: {app: orphan}}, triggerConfig: {type: manual}}"));
    expectPolicy("orphan", Conditions.READY, "False", "StorageConfigNotFound");
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    Node.sleep(1100); // creation times are whole seconds
    apply(
        policy(
            "later",
            "{storageConfigName: %s, selector: {matchLabels: {app: app}}, triggerConfig: {type: workload}}"
                .formatted(node.namespace)));
    expectPolicy("later", "Overlapping", "True", "OlderPolicyWins");
    expectPolicy("later", Conditions.READY, "True", "PolicyReady");
    node.run(node.pod("first", "app"));
    var snapshot = node.find(node.snapshot("first")).orElseThrow();
    assertEquals("app", snapshot.getSpec().policyName(), "the older policy governs");
  }

  private void expectPolicy(String name, String type, String status, String reason) {
    node.await(
        "%s of policy %s".formatted(type, name),
        () ->
            node.client
                .resources(PodSnapshotPolicy.class)
                .inNamespace(node.namespace)
                .withName(name)
                .get(),
        p ->
            p.getStatus() != null
                && Conditions.find(p.getStatus().conditions(), type)
                    .filter(c -> status.equals(c.getStatus()) && reason.equals(c.getReason()))
                    .isPresent());
  }
}
