package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Pods that no policy selects, and requests that can't be met. */
class UntouchedTest {
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
  void aPodThatNoPolicySelectsIsLeftAlone() throws IOException {
    node.policy("app", TriggerType.WORKLOAD, PostCheckpoint.RESUME);
    node.run(node.pod("other", "unselected"));
    assertTrue(node.get("other", 8080, "/checkpoint").startsWith("open:"));
    assertEquals(List.of(), node.events("other"));
    assertEquals(List.of(), node.snapshots());
    // Its OCI spec is as the shim made it: our edits would be seen in runsc's record of it.
    try (var files = Files.list(Path.of("/run/podsnapshot-local/runsc/k8s.io"))) {
      var records = new ArrayList<String>();
      for (var file : files.filter(f -> f.toString().endsWith(".state")).toList()) {
        var text = Files.readString(file);
        if (text.contains(node.namespace)) {
          records.add(text);
        }
      }
      assertEquals(2, records.size());
      for (var record : records) {
        assertTrue(!record.contains("dev.gvisor.internal.checkpoint."), record);
      }
      assertTrue(records.stream().anyMatch(r -> r.contains("dev.gvisor.spec.cgroup-parent")));
    }
  }

  @Test
  void triggersThatCanNotBeMetSayWhy() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    refused(
        "missing",
        "nobody",
        "spec.targetPod: Pod %s/nobody does not exist".formatted(node.namespace));
    node.run(node.pod("plain", "app").editSpec().withRuntimeClassName(null).endSpec());
    refused("runc", "plain", "does not run under gVisor");
    node.run(node.pod("stranger", "unselected"));
    refused("unselected", "stranger", "selects Pod stranger");
  }

  private void refused(String trigger, String pod, String why) {
    var status = node.trigger(trigger, pod).getStatus();
    assertTrue(Conditions.isFalse(status.conditions(), Conditions.TRIGGERED), status.toString());
    var condition = Conditions.find(status.conditions(), Conditions.TRIGGERED).orElseThrow();
    assertEquals("Failed", condition.getReason());
    assertTrue(condition.getMessage().contains(why), condition.getMessage());
  }
}
