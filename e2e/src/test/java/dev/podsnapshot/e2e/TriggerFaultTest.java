package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.Condition;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Triggers that meet trouble: how they end, and what their author reads. */
@Isolated
class TriggerFaultTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("pod", "app"));
  }

  @AfterEach
  void close() {
    node.close();
  }

  private Condition end(String trigger) {
    return Conditions.find(node.triggered(trigger).getStatus().conditions(), Conditions.TRIGGERED)
        .orElseThrow();
  }

  @Test
  void aFailedCheckpointIsTriedAgainAndItsRealTextIsTold() throws Exception {
    chattr("+i");
    try {
      node.createTrigger("patient", "pod");
      node.await(
          "the first retry",
          node::snapshots,
          s ->
              s.size() == 1
                  && s.getFirst().getStatus() != null
                  && s.getFirst().getStatus().checkpointRetryCount() == 1);
    } finally {
      chattr("-i");
    }
    assertEquals("True/Complete", end("patient").getStatus() + "/" + end("patient").getReason());
    assertTrue(node.snapshots().getFirst().getStatus().checkpointRetryCount() >= 1);

    chattr("+i");
    try {
      node.createTrigger("hopeless", "pod");
      var failed = end("hopeless");
      assertEquals("False/Failed", failed.getStatus() + "/" + failed.getReason());
      assertTrue(failed.getMessage().contains("Operation not permitted"), failed.getMessage());
      var snapshot =
          node.find(node.triggered("hopeless").getStatus().snapshotCreated().name()).orElseThrow();
      assertEquals(3, snapshot.getStatus().checkpointRetryCount());
      assertTrue(Conditions.isFalse(snapshot.getStatus().conditions(), Conditions.CHECKPOINT));
    } finally {
      chattr("-i");
    }
    node.state("pod");
  }

  /** No folder can be made in the spool: a fault that goes away. */
  private static void chattr(String flag) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder("chattr", flag, "/var/lib/podsnapshots/spool").inheritIO().start();
    assertEquals(0, process.waitFor());
  }
}
