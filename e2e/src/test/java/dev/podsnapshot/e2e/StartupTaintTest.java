package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.Taint;
import io.fabric8.kubernetes.api.model.TaintBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** A node that is registered with the startup taint gets no Pod before its agent can restore it. */
@Isolated
class StartupTaintTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
  }

  @AfterEach
  void close() {
    setTaints(List.of());
    node.close();
  }

  private void setTaints(List<Taint> taints) {
    node.client
        .nodes()
        .withName("node1")
        .edit(
            n -> {
              n.getSpec().setTaints(new ArrayList<>(taints));
              return n;
            });
  }

  private List<String> taints() {
    return node.client.nodes().withName("node1").get().getSpec().getTaints().stream()
        .map(Taint::getKey)
        .toList();
  }

  @Test
  void thePodWaitsForTheAgentAndIsRestored() {
    var id = node.state("first").path("id");
    node.snapshot("first");
    var other = new TaintBuilder().withKey("somebody/elses").withEffect("PreferNoSchedule").build();
    var ours =
        new TaintBuilder().withKey(PodSnapshotApi.AGENT_NOT_READY).withEffect("NoSchedule").build();
    try (var agent = node.withoutAgent()) {
      setTaints(List.of(ours, other));
      node.client.resource(node.pod("early", "app").build()).create();
      node.await(
          "the scheduler's refusal",
          () ->
              node.client
                  .pods()
                  .inNamespace(node.namespace)
                  .withName("early")
                  .get()
                  .getStatus()
                  .getConditions(),
          conditions ->
              conditions.stream()
                  .anyMatch(
                      c ->
                          "PodScheduled".equals(c.getType())
                              && "Unschedulable".equals(c.getReason())
                              && c.getMessage().contains("untolerated taint")));
    }
    node.await("the taint's removal", this::taints, left -> left.equals(List.of("somebody/elses")));
    assertEquals(id, node.state("early").path("id"));
    assertEquals("True", node.podRestored("early").getStatus());
  }
}
