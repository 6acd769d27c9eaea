package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A restore is proven by state that only the old process had: its random id, its counter. */
class RestoreTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void aManualTriggerSnapshotsARunningPodAndANewPodGoesOnFromIt() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var before = node.state("first");
    var name = node.snapshot("first");
    node.event(
        "first", "Successfully checkpointed the pod to PodSnapshot " + node.namespace + "/" + name);
    for (var file : new String[] {"checkpoint.img", "pages_meta.img", "pages.img"}) {
      assertTrue(Files.exists(node.objects(name).resolve(file)), file);
    }
    assertTrue(Files.exists(node.objects(name).resolve("manifest.json")));
    var after = node.state("first");
    assertEquals(before.path("id"), after.path("id"), "the original goes on");

    node.run(node.pod("second", "app"));
    var restored = node.state("second");
    assertEquals(before.path("id"), restored.path("id"));
    assertEquals(before.path("memoryCrc"), restored.path("memoryCrc"));
    assertTrue(restored.path("count").asLong() >= before.path("count").asLong());
    assertEquals("second", restored.path("hostname").asText());
    assertNotEquals(node.ip("first"), node.ip("second"));
    var condition = node.podRestored("second");
    assertEquals("True", condition.getStatus());
    assertTrue(condition.getMessage().contains(name), condition.getMessage());
    node.event(
        "second", "Successfully restored the pod from PodSnapshot " + node.namespace + "/" + name);
    node.await(
        "lastAccessTime",
        () -> node.find(name).orElseThrow().getStatus().lastAccessTime(),
        time -> time != null);
  }

  @Test
  void theWorkloadTriggersItselfAndReadsResumeHereAndRestoreInTheCopy() throws IOException {
    node.policy("app", TriggerType.WORKLOAD, PostCheckpoint.RESUME);
    var first = node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    var waiting =
        node.await(
            "the waiting snapshot",
            () -> node.snapshots().stream().findFirst(),
            Optional::isPresent);
    assertEquals(
        first.getMetadata().getName(),
        waiting.orElseThrow().getMetadata().getAnnotations().get(PodSnapshotApi.ORIGIN_POD));
    assertEquals("resume", node.get("first", 8080, "/checkpoint").strip());
    node.ready(waiting.orElseThrow().getMetadata().getName());

    node.run(node.pod("second", "app"));
    var restored = node.state("second");
    assertEquals(id, restored.path("id"));
    node.await(
        "the answer in the copy",
        () -> node.state("second").path("checkpoint").asText(),
        "restore"::equals);
  }

  @Test
  void withManualTriggersTheWorkloadCanNotTriggerItself() throws IOException {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    assertTrue(node.get("first", 8080, "/checkpoint").startsWith("open:"));
  }

  @Test
  void stopEndsThePodAfterItsCheckpoint() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.STOP);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    node.snapshot("first");
    node.await(
        "the completed Pod",
        () -> node.client.pods().inNamespace(node.namespace).withName("first").get(),
        pod -> "Succeeded".equals(pod.getStatus().getPhase()));
    node.run(node.pod("second", "app"));
    assertEquals(id, node.state("second").path("id"));
  }

  @Test
  void theNewestMatchIsRestoredAndPsNameChoosesAnOlderOne() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(
        node.pod("first", "app")
            .editMetadata()
            .addToAnnotations(PodSnapshotApi.RESTORE_FROM, "")
            .endMetadata());
    var oldId = node.state("first").path("id");
    var older = node.snapshot("first");
    node.run(
        node.pod("second", "app")
            .editMetadata()
            .addToAnnotations(PodSnapshotApi.RESTORE_FROM, "")
            .endMetadata());
    var newId = node.state("second").path("id");
    assertNotEquals(oldId, newId, "ps-name: \"\" never restores");
    node.event("second", "falling back to a cold start of pod: resource name may not be empty");
    node.snapshot("second");

    node.run(node.pod("automatic", "app"));
    assertEquals(newId, node.state("automatic").path("id"));
    node.run(
        node.pod("chosen", "app")
            .editMetadata()
            .addToAnnotations(PodSnapshotApi.RESTORE_FROM, older)
            .endMetadata());
    assertEquals(oldId, node.state("chosen").path("id"));
  }

  @Test
  void aRequestedSnapshotThatCanNotBeUsedMeansAColdStartWithAReason() throws IOException {
    node.policy("app", TriggerType.WORKLOAD, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    var waiting = node.snapshots().getFirst().getMetadata().getName();

    node.runCold(requesting("missing", "no-such-snapshot"), id.asText(), "does not exist");
    node.runCold(requesting("early", waiting), id.asText(), "is not Ready");
    try (var other = new Node()) {
      node.get("first", 8080, "/checkpoint");
      node.ready(waiting);
      other.policy("app", TriggerType.WORKLOAD, PostCheckpoint.RESUME);
      other.run(
          other
              .pod("elsewhere", "app")
              .editMetadata()
              .addToAnnotations(PodSnapshotApi.RESTORE_FROM, waiting)
              .endMetadata());
      assertNotEquals(id, other.state("elsewhere").path("id"));
      other.event("elsewhere", "falling back to a cold start of pod: ");
      assertEquals("False", other.podRestored("elsewhere").getStatus());
    }
  }

  private PodBuilder requesting(String pod, String snapshot) {
    return node.pod(pod, "app")
        .editMetadata()
        .addToAnnotations(PodSnapshotApi.RESTORE_FROM, snapshot)
        .endMetadata();
  }

  @Test
  void aChangedCommandOrImageMeansAColdStartWithTheReason() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id").asText();
    node.snapshot("first");
    node.runCold(
        node.pod("command", "app")
            .editSpec()
            .editFirstContainer()
            .withCommand("/app", "--unused")
            .endContainer()
            .endSpec(),
        id,
        "another Pod specification");
    node.runCold(
        node.pod("image", "app")
            .editSpec()
            .editFirstContainer()
            .withImage("localhost/podsnapshot/e2e-app:other")
            .endContainer()
            .endSpec(),
        id,
        "another Pod specification");
  }

  @Test
  void allContainersOfAPodAreRestored() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(two("first"));
    var main = node.state("first").path("id");
    var side = node.state("first", 8081).path("id");
    assertNotEquals(main, side);
    node.snapshot("first");
    node.run(two("second"));
    assertEquals(main, node.state("second").path("id"));
    assertEquals(side, node.state("second", 8081).path("id"));
    assertEquals("True", node.podRestored("second").getStatus());
  }

  private PodBuilder two(String name) {
    return node.pod(name, "app")
        .editSpec()
        .addNewContainer()
        .withName("side")
        .withImage(Node.APP)
        .withImagePullPolicy("IfNotPresent")
        .addNewEnv()
        .withName("PORT")
        .withValue("8081")
        .endEnv()
        .endContainer()
        .endSpec();
  }

  @Test
  void aRestoredPodCanBeSnapshottedAgain() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    node.snapshot("first");
    node.run(node.pod("second", "app"));
    assertEquals("True", node.podRestored("second").getStatus());
    var count = node.state("second").path("count").asLong();
    var again = node.snapshot("second");
    node.delete("first");
    node.delete("second");
    node.run(node.pod("third", "app"));
    assertEquals(id, node.state("third").path("id"));
    assertTrue(node.state("third").path("count").asLong() >= count);
    assertTrue(node.podRestored("third").getMessage().contains(again));
  }

  @Test
  void withoutItsPolicyAPodIsNeitherSnapshottedNorRestored() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    var name = node.snapshot("first");
    node.client
        .resources(PodSnapshotPolicy.class)
        .inNamespace(node.namespace)
        .withName("app")
        .delete();
    var refused = node.trigger("late", "first");
    assertTrue(Conditions.isFalse(refused.getStatus().conditions(), Conditions.TRIGGERED));
    assertTrue(refused.getStatus().toString().contains("selects Pod first"));
    node.run(node.pod("second", "app"));
    assertNotEquals(id, node.state("second").path("id"));

    // And the snapshot can still be deleted, with its files.
    deleteSnapshot(name);
  }

  @Test
  void deletingASnapshotRemovesItsFilesThenTheObject() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    deleteSnapshot(node.snapshot("first"));
  }

  private void deleteSnapshot(String name) {
    assertTrue(Files.exists(node.objects(name).resolve("pages.img")));
    assertTrue(
        node.find(name)
            .orElseThrow()
            .getMetadata()
            .getFinalizers()
            .contains(PodSnapshotApi.FINALIZER));
    node.client.resources(PodSnapshot.class).inNamespace(node.namespace).withName(name).delete();
    node.await("the end of the object", () -> node.find(name), Optional::isEmpty);
    assertFalse(Files.exists(node.objects(name).resolve("pages.img")));
    assertFalse(Files.exists(node.objects(name).resolve("manifest.json")));
  }

  @Test
  void theSnapshotIsFetchedFromTheMomentThePodIsBound() throws IOException {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    node.snapshot("first");
    var before = node.restorerMetric("podsnapshot_bindings_total");
    node.run(node.pod("second", "app"));
    assertEquals("True", node.podRestored("second").getStatus());
    assertTrue(node.restorerMetric("podsnapshot_bindings_total") > before);
  }
}
