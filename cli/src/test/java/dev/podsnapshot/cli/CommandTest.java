package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerSpec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands ask, print, and exit with. */
class CommandTest {
  private static final String SNAPSHOTS =
      "/apis/podsnapshot.gke.io/v1/namespaces/demo/podsnapshots";
  private static final String POLICIES =
      "/apis/podsnapshot.gke.io/v1/namespaces/demo/podsnapshotpolicies";
  private static final String TRIGGERS =
      "/apis/podsnapshot.gke.io/v1/namespaces/demo/podsnapshotmanualtriggers";

  @TempDir private Path folder;
  private FakeApi api;

  @BeforeEach
  void open() throws IOException {
    api = new FakeApi(folder);
  }

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void theKubeconfigsNamespaceIsTheDefault() {
    api.onList(
        SNAPSHOTS, "PodSnapshot", List.of(SnapshotFixture.ready("s", "app", Duration.ofHours(1))));
    var run = api.run("list");
    assertEquals(0, run.exit(), run.err());
    assertEquals(2, run.out().lines().count(), run.out());
    assertTrue(run.out().contains("\ns      app"), run.out());
    assertEquals("", run.err());
  }

  @Test
  void anotherContextMayHaveNoNamespace() {
    api.onList(SNAPSHOTS.replace("demo", "default"), "PodSnapshot", List.of());
    var run = api.run("list", "--context", "there");
    assertEquals(0, run.exit(), run.err());
    assertEquals("", run.out());
    assertEquals("No PodSnapshots found in namespace default.\n", run.err());
  }

  @Test
  void anUnknownContextIsNotReplacedByTheCurrentOne() {
    var run = api.run("list", "--context", "nowhere");
    assertEquals(1, run.exit());
    assertTrue(
        run.err().startsWith("error: --context: the kubeconfig has no context nowhere"), run.err());
    assertTrue(run.err().contains("here"), run.err());
    assertEquals(List.of(), api.requests());
  }

  @Test
  void listFilters() {
    api.onList(
        SNAPSHOTS,
        "PodSnapshot",
        List.of(
            SnapshotFixture.ready("a", "app", Duration.ofHours(1)),
            SnapshotFixture.ready("b", "other", Duration.ofHours(1))));
    assertTrue(api.run("list", "--policy", "other").out().contains("\nb "));
    assertFalse(api.run("list", "--policy", "other").out().contains("\na "));
    assertEquals("", api.run("list", "--pod", "another").out());
  }

  @Test
  void jsonIsAListOfObjectsEvenIfThereAreNone() {
    api.onList(SNAPSHOTS, "PodSnapshot", List.of());
    var run = api.run("list", "-o", "json");
    assertEquals("{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[]}\n", run.out());
  }

  @Test
  void aFieldOfANewerServerIsNoFault() {
    api.on(
        "GET " + SNAPSHOTS + "/s",
        Map.of(
            "apiVersion", "podsnapshot.gke.io/v1",
            "kind", "PodSnapshot",
            "metadata", Map.of("name", "s", "namespace", "demo"),
            "spec", Map.of("policyName", "app", "future", 1),
            "status", Map.of("future", "x")));
    assertEquals(0, api.run("describe", "s", "-o", "yaml").exit());
  }

  @Test
  void whatIsForbiddenIsToldWithoutAStackTrace() {
    api.fail("GET " + SNAPSHOTS, 403, "podsnapshots is forbidden: User \"me\" cannot list");
    var run = api.run("list");
    assertEquals(1, run.exit());
    assertEquals(
        "error: podsnapshots is forbidden: User \"me\" cannot list; ask whoever runs the cluster for this permission\n",
        run.err());
  }

  @Test
  void aClusterWithoutTheApiIsToldToBeChecked() {
    var run = api.run("list");
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("kubectl podsnapshot check"), run.err());
  }

  @Test
  void aServerThatIsGoneIsToldSoon() {
    api.stop();
    var run = api.run("list");
    assertEquals(1, run.exit());
    assertTrue(
        run.err().startsWith("error: can't reach the API server http://127.0.0.1:"), run.err());
    assertEquals(1, run.err().lines().count(), run.err());
  }

  @Test
  void wrongUseHasItsOwnExitCodeAndNamesTheOption() {
    var run = api.run("create", "web", "--timeout", "5min");
    assertEquals(2, run.exit());
    assertTrue(run.err().contains("--timeout"), run.err());
    assertTrue(run.err().contains("write it like 90s, 5m or 1h30m"), run.err());
    assertEquals(2, api.run("prune", "--older-than", "7m").exit());
    assertEquals(2, api.run("prune", "--keep", "-1").exit());
    assertEquals(2, api.run("explain").exit());
    assertEquals(2, api.run("nonsense").exit());
    assertEquals(List.of(), api.requests());
  }

  @Test
  void createPrintsTheNameAndDeletesItsTrigger() {
    api.on("POST " + TRIGGERS, trigger())
        .on("GET " + TRIGGERS + "/*", trigger())
        .on("DELETE " + TRIGGERS + "/*", trigger())
        .onList(
            SNAPSHOTS,
            "PodSnapshot",
            List.of(SnapshotFixture.ready("s", "app", Duration.ofSeconds(1))));
    var run = api.run("create", "web", "--wait");
    assertEquals(0, run.exit(), run.err());
    assertEquals("s\n", run.out());
    assertEquals("", run.err(), "no progress but on a terminal");
    assertTrue(deleted(TRIGGERS));
  }

  @Test
  void createKeepsItsTriggerIfItIsTold() {
    api.on("POST " + TRIGGERS, trigger())
        .on("GET " + TRIGGERS + "/*", trigger())
        .onList(
            SNAPSHOTS,
            "PodSnapshot",
            List.of(SnapshotFixture.uploading("s", "app", Duration.ofSeconds(1))));
    var run = api.run("create", "web", "--no-wait");
    assertEquals(0, run.exit(), run.err());
    assertEquals("s\n", run.out());
    assertTrue(run.err().contains(" is kept"), run.err());
    assertFalse(deleted(TRIGGERS));
  }

  @Test
  void createFailsWithTheTextOfTheNode() {
    api.on("POST " + TRIGGERS, trigger())
        .on("GET " + TRIGGERS + "/*", trigger())
        .onList(
            SNAPSHOTS,
            "PodSnapshot",
            List.of(SnapshotFixture.failed("s", "app", Duration.ofSeconds(1), "no space left")));
    var run = api.run("create", "web");
    assertEquals(1, run.exit());
    assertEquals("", run.out());
    assertEquals("error: Pod web was not snapshotted: no space left (PodSnapshot s)\n", run.err());
    assertTrue(deleted(TRIGGERS));
  }

  @Test
  void createThatTakesTooLongTellsTheStage() {
    api.on("POST " + TRIGGERS, trigger())
        .on("GET " + TRIGGERS + "/*", trigger())
        .onList(SNAPSHOTS, "PodSnapshot", List.of());
    var run = api.run("create", "web", "--timeout", "1s");
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("still in stage Triggered"), run.err());
    assertTrue(run.err().contains("kubectl podsnapshot check"), run.err());
    assertTrue(deleted(TRIGGERS));
  }

  @Test
  void restoreRefusesWhatIsNotReady() {
    api.on("GET " + SNAPSHOTS + "/s", SnapshotFixture.uploading("s", "app", Duration.ofSeconds(1)));
    var run = api.run("restore", "s");
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("it is being uploaded"), run.err());
  }

  @Test
  void restoreNeedsTheOriginPodOrAManifest() {
    api.on("GET " + SNAPSHOTS + "/s", SnapshotFixture.ready("s", "app", Duration.ofSeconds(1)));
    var run = api.run("restore", "s");
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("give its manifest with -f"), run.err());
  }

  @Test
  void aManifestOfAnotherKindOrNamespaceIsRefused() throws IOException {
    api.on("GET " + SNAPSHOTS + "/s", SnapshotFixture.ready("s", "app", Duration.ofSeconds(1)));
    var file = folder.resolve("manifest.yaml");
    Files.writeString(file, "apiVersion: v1\nkind: Service\nmetadata: {name: x}\n");
    var run = api.run("restore", "s", "-f", file.toString());
    assertEquals(1, run.exit());
    assertTrue(
        run.err().contains("must hold one Pod with a spec and nothing else; it holds [Service]"),
        run.err());
    Files.writeString(
        file, "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: other}\nspec: {}\n");
    run = api.run("restore", "s", "-f", file.toString());
    assertTrue(run.err().contains("pass -n other"), run.err());
    Files.writeString(file, "no: {yaml");
    run = api.run("restore", "s", "-f", file.toString());
    assertTrue(run.err().startsWith("error: -f: "), run.err());
    assertEquals(1, run.exit());
  }

  @Test
  void deleteTellsWhyTheFilesAreStillThere() {
    var stuck = SnapshotFixture.stuck("s", "app", Duration.ofHours(1), "403 Forbidden on gs://b");
    api.on("GET " + SNAPSHOTS + "/s", stuck).on("DELETE " + SNAPSHOTS + "/s", stuck);
    var run = api.run("delete", "s", "--timeout", "1s");
    assertEquals(1, run.exit());
    assertTrue(
        run.err().contains("is not gone after --timeout 1s: 403 Forbidden on gs://b"), run.err());
  }

  @Test
  void deleteOfWhatDoesNotExistFailsUnlessToldOtherwise() {
    var run = api.run("delete", "s");
    assertEquals(1, run.exit());
    assertTrue(run.err().contains("not found in namespace demo: s"), run.err());
    assertEquals(0, api.run("delete", "s", "--ignore-not-found").exit());
  }

  @Test
  void pruneShowsAsksAndDeletesNothingWithoutAYes() {
    api.onList(
            SNAPSHOTS,
            "PodSnapshot",
            List.of(SnapshotFixture.ready("orphan", "gone", Duration.ofHours(1))))
        .onList(POLICIES, "PodSnapshotPolicy", List.of());
    var dry = api.run("prune", "--dry-run");
    assertEquals(0, dry.exit(), dry.err());
    assertTrue(dry.out().contains("NoPolicy"), dry.out());
    var stdin = System.in;
    try {
      System.setIn(new ByteArrayInputStream("n\n".getBytes(StandardCharsets.UTF_8)));
      var run = api.run("prune");
      assertEquals(1, run.exit());
      assertTrue(run.err().contains("Delete these 1 PodSnapshots"), run.err());
      assertTrue(run.err().contains("nothing was deleted"), run.err());
    } finally {
      System.setIn(stdin);
    }
    assertTrue(
        api.requests().stream().noneMatch(r -> r.startsWith("DELETE")), api.requests()::toString);
  }

  private boolean deleted(String path) {
    return api.requests().stream().anyMatch(r -> r.startsWith("DELETE " + path + "/"));
  }

  private static PodSnapshotManualTrigger trigger() {
    var trigger = new PodSnapshotManualTrigger();
    trigger.setMetadata(
        new ObjectMetaBuilder().withName("web-abcde").withNamespace("demo").withUid("t").build());
    trigger.setSpec(new PodSnapshotManualTriggerSpec("web"));
    return trigger;
  }
}
