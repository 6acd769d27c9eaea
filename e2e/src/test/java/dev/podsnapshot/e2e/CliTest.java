package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The built plugin, against the real node. */
class CliTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Node node;
  private Plugin plugin;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
    plugin = new Plugin(node.namespace);
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void createListDescribeAndDelete() throws Exception {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));

    var created = plugin.run("create", "first");
    var name = created.succeeded().strip();
    assertEquals("", created.err(), "no progress but on a terminal");
    node.ready(name);
    assertEquals(List.of(), triggers(), "the trigger is gone");

    var table = plugin.run("list").succeeded().lines().toList();
    assertEquals(2, table.size(), table.toString());
    assertTrue(
        table
            .get(1)
            .matches(name + " +app +first +AllSnapshotsAvailable +[0-9.]+MiB +\\S+ +<never>"),
        table.get(1));
    var list = json(plugin.run("list", "--pod", "first", "-o", "json"));
    assertEquals(name, list.path("items").path(0).path("metadata").path("name").asText());
    assertEquals("PodSnapshot", list.path("items").path(0).path("kind").asText(), list.toString());
    assertEquals("", plugin.run("list", "-l", "no=such").succeeded());
    assertTrue(
        plugin.run("list", "-A", "-o", "wide").succeeded().contains(node.namespace + "/snapshots"));

    var description = plugin.run("describe", name).succeeded();
    for (var text :
        new String[] {
          "Fits nodes:      node1 (1 of 1)",
          "Origin Pod:        first",
          "Path:              gs://podsnapshots/" + node.namespace,
          "Successfully checkpointed the pod",
          "StorageReplicated   True"
        }) {
      assertTrue(description.contains(text), () -> text + " is not in\n" + description);
    }

    assertEquals(
        "podsnapshot/%s deleted\n".formatted(name), plugin.run("delete", name).succeeded());
    assertTrue(node.find(name).isEmpty());
    assertFalse(Files.exists(node.objects(name).resolve("pages.img")), "its files are gone too");
    var again = plugin.run("delete", name);
    assertEquals(1, again.exit());
    assertTrue(again.err().contains("not found"), again.err());
  }

  @Test
  void createTellsWhyItIsRefused() throws Exception {
    var missing = plugin.run("create", "nobody");
    assertEquals(1, missing.exit());
    assertEquals("", missing.out());
    assertEquals(
        "error: Pod nobody was not snapshotted: spec.targetPod: Pod %s/nobody does not exist\n"
            .formatted(node.namespace),
        missing.err());
    assertEquals(List.of(), triggers(), "the trigger is gone");

    plugin.run("create", "nobody", "--keep-trigger");
    assertEquals(1, triggers().size(), "the trigger is kept");
  }

  @Test
  void createGoesOnWithoutWaitingAndEndsCleanlyOnInterruption() throws Exception {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(
        node.pod("first", "app")
            .editSpec()
            .editFirstContainer()
            .withEnv(new EnvVarBuilder().withName("MEM_MIB").withValue("768").build())
            .endContainer()
            .endSpec());
    var started = plugin.run("create", "first", "--no-wait");
    var name = started.succeeded().strip();
    assertTrue(started.err().contains("is kept"), started.err());
    node.ready(name);
    assertEquals(1, triggers().size());

    var running = plugin.start("", "create", "first");
    while (triggers().size() < 2 && running.process().isAlive()) {
      Node.sleep(20); // the snapshot takes seconds, and must not be ready before the interruption
    }
    running.interrupt();
    var interrupted = running.end();
    assertEquals(130, interrupted.exit(), interrupted.err());
    assertEquals("", interrupted.out());
    assertTrue(interrupted.err().contains("interrupted: "), interrupted.err());
    assertEquals(1, triggers().size(), "its trigger is gone");
  }

  @Test
  void explainTellsWhichSnapshotAPodGets() throws Exception {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var older = plugin.run("create", "first").succeeded().strip();
    var newer = plugin.run("create", "first").succeeded().strip();
    assertNotEquals(older, newer);

    var live = json(plugin.run("explain", "first", "-o", "json")).path("answers").path(0);
    assertEquals(newer, live.path("restore").asText(), live.toString());
    assertEquals(older, live.path("candidates").path(1).path("name").asText());
    var text = plugin.run("explain", "first").succeeded();
    assertTrue(text.contains("restore from PodSnapshot " + newer), text);

    // Not created, and so without what the API server puts into a Pod's specification.
    var manifest = node.client.getKubernetesSerialization().asYaml(node.pod("new", "app").build());
    var submitted = json(plugin.runWith(manifest, "explain", "-f", "-", "-o", "json"));
    assertEquals(newer, submitted.path("answers").path(0).path("restore").asText());
    assertEquals(
        List.of("first"),
        node.client.pods().inNamespace(node.namespace).list().getItems().stream()
            .map(p -> p.getMetadata().getName())
            .toList(),
        "it is not created");

    var other = node.client.getKubernetesSerialization().asYaml(other("new").build());
    var mismatch = plugin.runWith(other, "explain", "-f", "-", "--node", "node1").succeeded();
    assertTrue(mismatch.contains("start cold, SpecMismatch"), mismatch);
    assertEquals(2, mismatch.lines().filter(l -> l.contains("   SpecMismatch   ")).count());
    var nowhere = plugin.run("explain", "first", "--node", "nowhere");
    assertEquals("error: --node: node nowhere does not exist\n", nowhere.err());
  }

  @Test
  void restoreMakesANewPodAndTellsHowItStarted() throws Exception {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    var name = plugin.run("create", "first").succeeded().strip();

    var restored = plugin.run("restore", name, "--name", "copy").succeeded();
    assertEquals(
        "pod/copy restored from PodSnapshot %s/%s\n".formatted(node.namespace, name), restored);
    assertEquals(id, node.state("copy").path("id"));

    node.delete("first");
    var gone = plugin.run("restore", name);
    assertEquals(1, gone.exit());
    assertTrue(gone.err().contains("give its manifest with -f"), gone.err());

    var manifest =
        node.client.getKubernetesSerialization().asYaml(node.pod("first", "app").build());
    var pod = json(plugin.runWith(manifest, "restore", name, "-f", "-", "-o", "json"));
    var fromFile = pod.path("metadata").path("name").asText();
    assertTrue(fromFile.matches("first-r[a-z0-9]{4}"), fromFile);
    assertEquals(id, node.state(fromFile).path("id"));

    var other = node.client.getKubernetesSerialization().asYaml(other("other").build());
    var cold = plugin.runWith(other, "restore", name, "-f", "-", "--name", "cold");
    assertEquals(1, cold.exit());
    assertTrue(
        cold.err().startsWith("error: Pod cold runs, but was not restored: SpecMismatch: "),
        cold.err());
    assertNotEquals(id, node.state("cold").path("id"));
  }

  @Test
  void pruneDeletesWhatItShows() throws Exception {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var older = plugin.run("create", "first").succeeded().strip();
    var newer = plugin.run("create", "first").succeeded().strip();
    assertEquals("", plugin.run("prune", "--dry-run").succeeded(), "nothing is of no use");

    var plan = json(plugin.run("prune", "--keep", "1", "--dry-run", "-o", "json"));
    assertEquals(1, plan.size());
    assertEquals(older, plan.path(0).path("name").asText());
    assertEquals("BeyondKeep", plan.path(0).path("reason").asText());
    assertEquals(1, plugin.runWith("n\n", "prune", "--keep", "1").exit());
    assertEquals(1, plugin.run("prune", "--keep", "1").exit(), "nobody is there to ask");
    assertEquals(2, node.snapshots().size());

    var pruned = plugin.runWith("y\n", "prune", "--keep", "1").succeeded();
    assertTrue(pruned.endsWith("podsnapshot/%s deleted\n".formatted(older)), pruned);
    assertFalse(Files.exists(node.objects(older).resolve("pages.img")));
    assertTrue(node.find(newer).isPresent());

    node.client
        .resources(PodSnapshotPolicy.class)
        .inNamespace(node.namespace)
        .withName("app")
        .delete();
    var orphans = plugin.run("prune", "--yes").succeeded();
    assertTrue(orphans.contains("NoPolicy"), orphans);
    assertEquals(List.of(), node.snapshots());
  }

  @Test
  void checkLooksAtEveryPart() throws Exception {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    var findings = json(plugin.run("check", "-o", "json"));
    for (var subject :
        new String[] {
          "API v1",
          "API v1alpha1",
          "controller",
          "RuntimeClass gvisor",
          "node node1",
          "admission policy"
        }) {
      assertEquals("OK", level(findings, subject), findings.toString());
    }
    assertNotEquals("FAIL", level(findings, "storage " + node.namespace));
    assertNotEquals("FAIL", level(findings, "policy " + node.namespace + "/app"));

    var policy = new PodSnapshotPolicy();
    policy.setMetadata(node.meta("broken").build());
    policy.setSpec(
        new PodSnapshotPolicySpec(
            new LabelSelectorBuilder().addToMatchLabels("app", "broken").build(),
            "no-such-storage",
            null,
            new TriggerConfig(TriggerType.MANUAL, PostCheckpoint.RESUME),
            null,
            null));
    node.client.resource(policy).create();
    var failed =
        node.await(
            "the policy's failure",
            () -> checked(),
            r -> r.out().contains("policy " + node.namespace + "/broken") && r.exit() == 1);
    assertTrue(
        failed
            .out()
            .lines()
            .anyMatch(l -> l.startsWith("FAIL") && l.contains("StorageConfigNotFound")),
        failed.out());
  }

  @Test
  void kubectlFindsIt() throws Exception {
    var builder =
        new ProcessBuilder(
                System.getProperty("cluster"),
                "kubectl",
                "podsnapshot",
                "list",
                "-n",
                node.namespace)
            .redirectErrorStream(true);
    var path = Plugin.file().getParent() + File.pathSeparator + System.getenv("PATH");
    builder.environment().put("PATH", path);
    var process = builder.start();
    process.getOutputStream().close();
    var output = new String(process.getInputStream().readAllBytes());
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals("No PodSnapshots found in namespace %s.\n".formatted(node.namespace), output);
    assertEquals(0, process.exitValue());
  }

  private Plugin.Result checked() {
    try {
      return plugin.run("check");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** A Pod that the policy selects, but of another specification. */
  private PodBuilder other(String name) {
    return node.pod(name, "app")
        .editSpec()
        .editFirstContainer()
        .withWorkingDir("/tmp")
        .endContainer()
        .endSpec();
  }

  private static String level(JsonNode findings, String subject) {
    for (var finding : findings) {
      if (finding.path("subject").asText().equals(subject)) {
        return finding.path("level").asText();
      }
    }
    throw new AssertionError(subject + " is not among " + findings);
  }

  private List<PodSnapshotManualTrigger> triggers() {
    return node.client
        .resources(PodSnapshotManualTrigger.class)
        .inNamespace(node.namespace)
        .list()
        .getItems();
  }

  private static JsonNode json(Plugin.Result result) throws IOException {
    return JSON.readTree(result.out());
  }
}
