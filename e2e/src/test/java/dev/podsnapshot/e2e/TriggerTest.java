package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotScope;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.IntOrString;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The triggers that a policy pulls itself, and the scope of what is saved. */
class TriggerTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    node.close();
  }

  private String onlySnapshot() {
    return node.await(
            "the policy's snapshot",
            () -> node.snapshots().stream().findFirst(),
            Optional::isPresent)
        .orElseThrow()
        .getMetadata()
        .getName();
  }

  @Test
  void readinessTakesOneSnapshotOfAColdPodAndNoneOfARestoredOne() {
    node.policy("app", TriggerType.READINESS_PROBE, PostCheckpoint.RESUME);
    node.run(
        node.pod("first", "app")
            .editSpec()
            .editFirstContainer()
            .withNewReadinessProbe()
            .withNewHttpGet()
            .withPort(new IntOrString(8080))
            .endHttpGet()
            .withPeriodSeconds(1)
            .endReadinessProbe()
            .endContainer()
            .endSpec());
    var id = node.state("first").path("id");
    var name = node.ready(onlySnapshot());
    node.event("first", "Successfully checkpointed the pod to PodSnapshot");
    assertEquals(
        "readinessProbe",
        node.find(name).orElseThrow().getMetadata().getAnnotations().get(PodSnapshotApi.TRIGGER));

    node.run(node.pod("second", "app"));
    assertEquals(id, node.state("second").path("id"));
    assertEquals("True", node.podRestored("second").getStatus());
    node.await(
        "readiness of the copy",
        () -> node.client.pods().inNamespace(node.namespace).withName("second").get(),
        pod ->
            pod.getStatus().getConditions().stream()
                .anyMatch(c -> c.getType().equals("Ready") && "True".equals(c.getStatus())));
    assertEquals(1, node.snapshots().size());
  }

  @Test
  void deletionTakesASnapshotBeforeThePodEnds() {
    node.policy("app", TriggerType.ON_DELETE, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app").editSpec().withTerminationGracePeriodSeconds(30L).endSpec());
    var before = node.state("first");
    node.client.pods().inNamespace(node.namespace).withName("first").delete();
    node.await(
        "the end of the Pod",
        () ->
            Optional.ofNullable(
                node.client.pods().inNamespace(node.namespace).withName("first").get()),
        Optional::isEmpty);
    node.ready(onlySnapshot());

    node.run(node.pod("second", "app"));
    var after = node.state("second");
    assertEquals(before.path("id"), after.path("id"));
    assertTrue(after.path("count").asLong() >= before.path("count").asLong());
    assertEquals("True", node.podRestored("second").getStatus());
  }

  @Test
  void rootfsOnlyRestoresFilesAndNoMemory() throws IOException {
    node.policy("app", SnapshotScope.ROOTFS_ONLY, TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    node.writeFile("first", "note", "only the old Pod knew this " + id);
    node.snapshot("first");
    assertEquals(id, node.state("first").path("id"), "the original goes on");

    // Another command: the scope asks for no like specification.
    node.run(
        node.pod("second", "app")
            .editSpec()
            .editFirstContainer()
            .withCommand("/app", "--unused")
            .endContainer()
            .endSpec());
    assertNotEquals(id, node.state("second").path("id"));
    assertEquals("only the old Pod knew this " + id, node.readFile("second", "note"));
    assertEquals("True", node.podRestored("second").getStatus());
    node.event("second", "Successfully restored the pod from PodSnapshot");
  }

  @Test
  void aManualTriggerWorksBesideTheWorkloadsOwn() throws IOException {
    node.policy("app", TriggerType.WORKLOAD, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id");
    var waiting = onlySnapshot();
    var byHand = node.snapshot("first");
    assertNotEquals(waiting, byHand);
    assertEquals(id, node.state("first").path("id"));
    // The workload's own is still to come, and comes.
    assertEquals("resume", node.get("first", 8080, "/checkpoint").strip());
    node.ready(waiting);
  }
}
