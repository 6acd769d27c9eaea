package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Two controllers: one acts, the other takes over. */
@Isolated
class LeadershipTest {
  private static final String NAME = "podsnapshot-controller";

  private Node node;

  @BeforeEach
  void twoControllers() throws IOException {
    node = new Node();
    scale(2);
  }

  @AfterEach
  void oneAgain() throws IOException {
    scale(1);
    Leftovers.expectNoSandboxes(node);
    Leftovers.expectNothingUnderWay();
    node.close();
  }

  private void scale(int replicas) {
    var deployment = node.client.apps().deployments().inNamespace(Node.SYSTEM).withName(NAME);
    deployment.scale(replicas);
    node.await(
        replicas + " ready controllers",
        deployment::get,
        d ->
            Integer.valueOf(replicas).equals(d.getStatus().getReplicas())
                && Integer.valueOf(replicas).equals(d.getStatus().getReadyReplicas()));
    node.suiteReady();
  }

  /** Returns after how long another leads. */
  private Duration end(long graceSeconds) {
    var leader = node.leader().orElseThrow().getMetadata();
    var begin = System.nanoTime();
    node.client
        .pods()
        .inNamespace(Node.SYSTEM)
        .withName(leader.getName())
        .withGracePeriod(graceSeconds)
        .delete();
    var next =
        node.await(
                "another leader",
                node::leader,
                l -> l.filter(p -> !p.getMetadata().getUid().equals(leader.getUid())).isPresent())
            .orElseThrow();
    assertNotEquals(leader.getName(), next.getMetadata().getName());
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  @Test
  void anotherTakesOverWhenTheLeaderEnds() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var id = node.state("first").path("id").asText();

    var ended = end(30);
    var snapshot = node.snapshot("first");
    node.delete("first");

    var forced = end(0);
    node.run(node.pod("second", "app"));
    assertEquals(id, node.state("second").path("id").asText());
    node.await(
        "the end of the restore",
        () -> Optional.of(node.podRestored("second")),
        c -> c.filter(r -> r.getMessage().contains(snapshot)).isPresent());
    System.out.printf(
        "another controller led after %d ms (the leader was ended) and %d ms (by force)%n",
        ended.toMillis(), forced.toMillis());
  }
}
