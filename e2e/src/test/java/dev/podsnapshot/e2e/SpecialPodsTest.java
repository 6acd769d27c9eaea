package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ProbeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.apps.DeploymentBuilder;
import io.fabric8.kubernetes.api.model.apps.StatefulSetBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pods of other shapes than one plain container. */
class SpecialPodsTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
  }

  @AfterEach
  void close() {
    node.close();
  }

  private PodBuilder withInit(String name) {
    return node.pod(name, "app")
        .editSpec()
        .addNewVolume()
        .withName("shared")
        .withNewEmptyDir()
        .endEmptyDir()
        .endVolume()
        .addToInitContainers(
            new ContainerBuilder()
                .withName("prepare")
                .withImage(Node.APP)
                .withImagePullPolicy("IfNotPresent")
                .addNewEnv()
                .withName("WRITE_AND_EXIT")
                .withValue("/files/prepared")
                .endEnv()
                .addNewVolumeMount()
                .withName("shared")
                .withMountPath("/files")
                .endVolumeMount()
                .build())
        .editFirstContainer()
        .addNewVolumeMount()
        .withName("shared")
        .withMountPath("/files")
        .endVolumeMount()
        .endContainer()
        .endSpec();
  }

  @Test
  void whatInitContainersDidIsRestoredAndTheyDoNotRunAgain() throws IOException {
    node.run(withInit("first"));
    var id = node.state("first").path("id");
    var prepared = node.readFile("first", "prepared");
    assertTrue(prepared.startsWith("prepared by "), prepared);
    node.snapshot("first");
    var second = node.run(withInit("second"));
    assertEquals(id, node.state("second").path("id"));
    assertEquals(prepared, node.readFile("second", "prepared"), "written by the first Pod's");
    assertEquals("True", node.podRestored("second").getStatus());
    var status = second.getStatus().getInitContainerStatuses().getFirst();
    assertEquals(0, status.getState().getTerminated().getExitCode());
    // And a Pod that starts cold runs them.
    node.run(
        withInit("cold")
            .editMetadata()
            .addToAnnotations("podsnapshot.gke.io/ps-name", "")
            .endMetadata());
    assertNotEquals(prepared, node.readFile("cold", "prepared"));
  }

  @Test
  void aSidecarIsRestoredWithItsPod() {
    node.run(withSidecar("first"));
    var main = node.state("first").path("id");
    var side = node.state("first", 8081).path("id");
    node.snapshot("first");
    node.run(withSidecar("second"));
    assertEquals(main, node.state("second").path("id"));
    assertEquals(side, node.state("second", 8081).path("id"));
    assertEquals("True", node.podRestored("second").getStatus());
  }

  private PodBuilder withSidecar(String name) {
    return node.pod(name, "app")
        .editSpec()
        .addToInitContainers(
            new ContainerBuilder()
                .withName("side")
                .withImage(Node.APP)
                .withImagePullPolicy("IfNotPresent")
                .withRestartPolicy("Always")
                .addNewEnv()
                .withName("PORT")
                .withValue("8081")
                .endEnv()
                .build())
        .endSpec();
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "disk", "memory"})
  void filesOfTheRootFileSystemAndOfEmptyDirsAreRestored(String medium) throws IOException {
    node.run(withVolume("first", medium));
    var id = node.state("first").path("id");
    node.writeFile("first", "note", "written in " + id);
    node.snapshot("first");
    node.delete("first");
    node.run(withVolume("second", medium));
    assertEquals("True", node.podRestored("second").getStatus());
    assertEquals("written in " + id, node.readFile("second", "note"));
    node.writeFile("second", "note", "again");
    assertEquals("again", node.readFile("second", "note"));
  }

  private PodBuilder withVolume(String name, String medium) {
    var pod = node.pod(name, "app");
    if (medium.equals("none")) {
      return pod;
    }
    return pod.editSpec()
        .addNewVolume()
        .withName("files")
        .withNewEmptyDir()
        .withMedium(medium.equals("memory") ? "Memory" : "")
        .withSizeLimit(new Quantity("16Mi"))
        .endEmptyDir()
        .endVolume()
        .editFirstContainer()
        .addNewVolumeMount()
        .withName("files")
        .withMountPath("/files")
        .endVolumeMount()
        .endContainer()
        .endSpec();
  }

  @Test
  void aPodWhoseLastContainerDoesNotComeStartsColdAndCanBeDeleted() throws Exception {
    var side = "localhost/podsnapshot/e2e-app:vanishing";
    Node.cluster("ctr", "images", "tag", "--force", Node.APP, side);
    node.run(two("first", side));
    var id = node.state("first").path("id");
    node.state("first", 8081);
    node.snapshot("first");
    node.delete("first");
    Node.cluster("ctr", "images", "rm", side);
    node.run(two("second", side).editMetadata().endMetadata());
    assertNotEquals(id, node.state("second").path("id"));
    node.event("second", "falling back to a cold start of pod: not all containers");
    assertEquals("RestoreIncomplete", node.podRestored("second").getReason());

    // Stopped before that: nothing waits for the sandbox.
    node.client.resource(two("third", side).build()).create();
    node.await(
        "the sandbox of the third",
        () -> pod("third").getStatus().getContainerStatuses(),
        s -> s.stream().anyMatch(c -> c.getState().getRunning() != null));
    node.delete("third");
  }

  private PodBuilder two(String name, String sideImage) {
    return node.pod(name, "app")
        .editSpec()
        .addNewContainer()
        .withName("side")
        .withImage(sideImage)
        .withImagePullPolicy("IfNotPresent")
        .addNewEnv()
        .withName("PORT")
        .withValue("8081")
        .endEnv()
        .endContainer()
        .endSpec();
  }

  @Test
  void thePodsOfADeploymentAreRestored() {
    var template = node.pod("unused", "app").build();
    node.client
        .resource(
            new DeploymentBuilder()
                .withMetadata(node.meta("web").build())
                .withNewSpec()
                .withReplicas(1)
                .withNewSelector()
                .addToMatchLabels("app", "app")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "app")
                .endMetadata()
                .withSpec(template.getSpec())
                .endTemplate()
                .endSpec()
                .build())
        .create();
    var first = onlyPod("");
    var id = node.state(first).path("id");
    node.snapshot(first);
    node.delete(first);
    var second = onlyPod(first);
    assertEquals(id, node.state(second).path("id"));
    assertEquals("True", node.podRestored(second).getStatus());
  }

  @Test
  void thePodsOfAStatefulSetAreRestored() {
    var template = node.pod("unused", "app").build();
    node.client
        .resource(
            new StatefulSetBuilder()
                .withMetadata(node.meta("db").build())
                .withNewSpec()
                .withReplicas(1)
                .withServiceName("db")
                .withNewSelector()
                .addToMatchLabels("app", "app")
                .endSelector()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "app")
                .endMetadata()
                .withSpec(template.getSpec())
                .endTemplate()
                .endSpec()
                .build())
        .create();
    var id = node.state("db-0").path("id");
    var uid = pod("db-0").getMetadata().getUid();
    node.snapshot("db-0");
    node.client.pods().inNamespace(node.namespace).withName("db-0").delete();
    node.await(
        "the next db-0",
        () -> Optional.ofNullable(pod("db-0")).map(p -> p.getMetadata().getUid()).orElse(uid),
        next -> !next.equals(uid));
    assertEquals(id, node.state("db-0").path("id"));
    assertEquals("True", node.podRestored("db-0").getStatus());
  }

  @Test
  void aJobsPodIsRestoredAndCanComplete() throws IOException {
    var template =
        node.pod("unused", "app").editSpec().withRestartPolicy("Never").endSpec().build();
    job("one", template);
    var first = onlyPod("");
    var id = node.state(first).path("id");
    node.snapshot(first);
    node.client.batch().v1().jobs().inNamespace(node.namespace).withName("one").delete();
    node.await(
        "the end of the first job's Pod", () -> Optional.ofNullable(pod(first)), Optional::isEmpty);
    job("two", template);
    var second = onlyPod(first);
    assertEquals(id, node.state(second).path("id"));
    assertEquals("True", node.podRestored(second).getStatus());
    exit(second);
    node.await(
        "the job's completion",
        () -> node.client.batch().v1().jobs().inNamespace(node.namespace).withName("two").get(),
        job -> Integer.valueOf(1).equals(job.getStatus().getSucceeded()));
  }

  private void job(String name, Pod template) {
    node.client
        .resource(
            new JobBuilder()
                .withMetadata(node.meta(name).build())
                .withNewSpec()
                .withNewTemplate()
                .withNewMetadata()
                .addToLabels("app", "app")
                .endMetadata()
                .withSpec(template.getSpec())
                .endTemplate()
                .endSpec()
                .build())
        .create();
  }

  @Test
  void aContainerThatEndsInARestoredPodIsStartedColdAgain() throws IOException {
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    node.snapshot("first");
    node.run(node.pod("second", "app"));
    assertEquals(id, node.state("second").path("id"));
    assertEquals("True", node.podRestored("second").getStatus());
    exit("second");
    var restarted =
        Node.await(
            "the restarted container",
            Duration.ofSeconds(90),
            () -> pod("second").getStatus().getContainerStatuses().getFirst(),
            status -> status.getRestartCount() == 1 && status.getState().getRunning() != null);
    assertEquals(1, restarted.getRestartCount());
    assertNotEquals(id, node.state("second").path("id"));
  }

  private void exit(String pod) {
    try {
      node.get(pod, 8080, "/exit?code=0");
    } catch (IOException expected) {
      // the connection ends with the process
    }
  }

  @Test
  void probesGoOnThroughASnapshotAndARestore() {
    node.run(probed("first"));
    awaitReady("first");
    var id = node.state("first").path("id");
    node.snapshot("first");
    node.run(probed("second"));
    assertEquals(id, node.state("second").path("id"));
    assertEquals("True", node.podRestored("second").getStatus());
    awaitReady("second");
    Node.sleep(4000); // as long as it takes three failed probes to end a container
    for (var name : List.of("first", "second")) {
      var status = pod(name).getStatus().getContainerStatuses().getFirst();
      assertEquals(0, status.getRestartCount(), name);
      assertTrue(status.getReady(), name);
    }
  }

  private void awaitReady(String name) {
    node.await(
        "readiness of " + name,
        () -> pod(name).getStatus().getContainerStatuses(),
        statuses -> !statuses.isEmpty() && statuses.getFirst().getReady());
  }

  private PodBuilder probed(String name) {
    var probe =
        new ProbeBuilder()
            .withNewHttpGet()
            .withPort(new IntOrString(8080))
            .endHttpGet()
            .withPeriodSeconds(1)
            .withTimeoutSeconds(2)
            .build();
    return node.pod(name, "app")
        .editSpec()
        .editFirstContainer()
        .withLivenessProbe(probe)
        .withReadinessProbe(probe)
        .endContainer()
        .endSpec();
  }

  @Test
  void aRestoredPodReadsItsOwnToken() throws IOException {
    node.run(withToken("first"));
    var id = node.state("first").path("id");
    var old = node.readFile("first", "token");
    node.snapshot("first");
    node.run(withToken("second"));
    assertEquals(id, node.state("second").path("id"));
    var token = node.readFile("second", "token");
    assertNotEquals(old, token);
    var claims = new String(Base64.getUrlDecoder().decode(token.split("\\.")[1]));
    assertTrue(claims.contains("\"name\":\"second\""), claims);
  }

  private PodBuilder withToken(String name) {
    return node.pod(name, "app")
        .editSpec()
        .addNewVolume()
        .withName("identity")
        .withNewProjected()
        .addNewSource()
        .withNewServiceAccountToken()
        .withPath("token")
        .withExpirationSeconds(600L)
        .endServiceAccountToken()
        .endSource()
        .endProjected()
        .endVolume()
        .editFirstContainer()
        .addNewVolumeMount()
        .withName("identity")
        .withMountPath("/files")
        .withReadOnly(true)
        .endVolumeMount()
        .endContainer()
        .endSpec();
  }

  @Test
  void hostNetworkIsRefusedWithAReason() {
    // gVisor gives it a loopback only, so it can't be asked anything.
    node.client
        .resource(node.pod("host", "app").editSpec().withHostNetwork(true).endSpec().build())
        .create();
    node.await(
        "the running Pod", () -> pod("host"), p -> "Running".equals(p.getStatus().getPhase()));
    assertEquals("UnsupportedPod", node.podRestored("host").getReason());
    node.event("host", "falling back to a cold start of pod: spec.hostNetwork");
    var refused = node.trigger("refused", "host").getStatus();
    assertTrue(Conditions.isFalse(refused.conditions(), Conditions.TRIGGERED), refused.toString());
    assertTrue(refused.toString().contains("spec.hostNetwork"), refused.toString());
  }

  private Pod pod(String name) {
    return node.client.pods().inNamespace(node.namespace).withName(name).get();
  }

  /** The only Pod of the app beside {@code not}. */
  private String onlyPod(String not) {
    return node.await(
            "a Pod of the controller",
            () ->
                node
                    .client
                    .pods()
                    .inNamespace(node.namespace)
                    .withLabel("app", "app")
                    .list()
                    .getItems()
                    .stream()
                    .filter(p -> !p.getMetadata().getName().equals(not))
                    .filter(p -> p.getMetadata().getDeletionTimestamp() == null)
                    .filter(p -> p.getStatus().getPodIP() != null)
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow()
        .getMetadata()
        .getName();
  }
}
