package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A part of the suite is down: a new Pod starts cold and serves, and its user reads why. */
@Isolated
class FaultTest {
  private Node node;
  private String oldId;
  private String snapshot;

  @BeforeEach
  void aReadySnapshot() throws IOException {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    oldId = node.state("first").path("id").asText();
    snapshot = node.snapshot("first");
    node.delete("first");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Leftovers.expectNoSandboxes(node);
    Leftovers.expectNothingUnderWay();
    node.close();
  }

  private void expectCold(String why) {
    node.runCold(node.pod("second", "app"), oldId, why);
  }

  @Test
  void theControllerIsStopped() {
    var controller =
        node.client
            .apps()
            .deployments()
            .inNamespace(Node.SYSTEM)
            .withName("podsnapshot-controller");
    controller.scale(0);
    try {
      node.await(
          "the controller's end",
          () ->
              node.client
                  .pods()
                  .inNamespace(Node.SYSTEM)
                  .withLabel("app", "podsnapshot-controller")
                  .list()
                  .getItems(),
          List::isEmpty);
      node.run(node.pod("second", "app"));
      assertNotEquals(oldId, node.state("second").path("id").asText());
    } finally {
      controller.scale(1);
    }
    // The node tells the reason as soon as there is somebody to tell it to.
    node.event("second", "the controller did not answer in time");
    assertEquals("False", node.podRestored("second").getStatus());
  }

  @Test
  void theObjectStoreIsDown() throws IOException, InterruptedException {
    Node.cluster("stop", "gcs");
    try {
      expectCold("falling back to a cold start of pod: ");
    } finally {
      Node.cluster("up");
    }
  }
}
