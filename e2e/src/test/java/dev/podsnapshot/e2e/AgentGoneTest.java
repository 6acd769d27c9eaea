package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.Condition;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.parallel.Isolated;

/** No agent of ours is on the node: what still works, what is refused, and what its users read. */
@Isolated
@TestInstance(Lifecycle.PER_CLASS)
class AgentGoneTest {
  private Node node;
  private Deployed controller;
  private Node.Absence agent;
  private String oldId;
  private String snapshot;

  @BeforeAll
  void theAgentGoes() throws IOException {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("pod", "app"));
    oldId = node.state("pod").path("id").asText();
    snapshot = node.snapshot("pod");
    controller = Deployed.controllerWith(Map.of("PODSNAPSHOT_CHECKPOINT_DEADLINE", "8s"));
    agent = node.withoutAgent();
  }

  /** Nothing is left on the node of what was aborted or came too late: the next one works. */
  @AfterAll
  void theAgentComesBack() throws IOException {
    agent.close();
    controller.close();
    node.suiteReady();
    node.snapshot("pod");
    Leftovers.expectNoSandboxes(node);
    Leftovers.expectNothingUnderWay();
    node.close();
  }

  private Condition end(String trigger) {
    return Conditions.find(node.triggered(trigger).getStatus().conditions(), Conditions.TRIGGERED)
        .orElseThrow();
  }

  private void awaitSnapshots(int count) {
    node.await(count + " snapshots", node::snapshots, s -> s.size() == count);
  }

  @Test
  void aPodStartsColdAndItsUserReadsWhy() {
    node.runCold(node.pod("cold", "app"), oldId, "did not ask for a snapshot");
  }

  @Test
  void aSnapshotIsDeletedWithItsFiles() throws IOException {
    assertTrue(Files.exists(node.objects(snapshot).resolve("pages.img")));
    node.client
        .resources(PodSnapshot.class)
        .inNamespace(node.namespace)
        .withName(snapshot)
        .delete();
    node.await("the end of the object", () -> node.find(snapshot), Optional::isEmpty);
    assertFalse(Files.exists(node.objects(snapshot).resolve("pages.img")));
    assertFalse(Files.exists(node.objects(snapshot).resolve("manifest.json")));
  }

  @Test
  void aSecondTriggerIsRefusedAndDeletingTheFirstAbortsIt() {
    var before = node.snapshots().size();
    node.createTrigger("first", "pod");
    awaitSnapshots(before + 1);
    node.createTrigger("second", "pod");
    var refused = end("second");
    assertEquals("False/Failed", refused.getStatus() + "/" + refused.getReason());
    assertTrue(
        refused.getMessage().startsWith("Another PodSnapshotManualTrigger "), refused.getMessage());
    assertTrue(refused.getMessage().contains("is already targeting Pod pod"), refused.getMessage());
    assertTrue(refused.getMessage().contains("not yet completed"), refused.getMessage());
    node.client
        .resources(PodSnapshotManualTrigger.class)
        .inNamespace(node.namespace)
        .withName("first")
        .delete();
    awaitSnapshots(before);
  }

  @Test
  void aCheckpointThatNobodyTakesEndsAtItsDeadline() {
    node.createTrigger("late", "pod");
    var failed = end("late");
    assertEquals("False/Failed", failed.getStatus() + "/" + failed.getReason());
    assertTrue(failed.getMessage().startsWith("context deadline exceeded"), failed.getMessage());
    assertTrue(failed.getMessage().contains("node1"), failed.getMessage());
    node.event("pod", "Failed to checkpoint the pod");
  }
}
