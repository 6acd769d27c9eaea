package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import java.io.IOException;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** Where nothing changes, nothing is done. */
@Isolated
class QuietTest {
  private static final Pattern RECONCILIATIONS =
      Pattern.compile("(?m)^((?:reconciliations|events)_\\S*total\\S*) (\\S+)$");

  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    node.close();
  }

  private Map<String, String> reconciliations() throws IOException {
    return RECONCILIATIONS
        .matcher(node.metrics("podsnapshot-controller", 8080))
        .results()
        .collect(Collectors.toMap(m -> m.group(1), m -> m.group(2)));
  }

  @Test
  void aQuietClusterReconcilesNothing() throws IOException {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    node.snapshot("first");
    node.run(node.pod("second", "app"));
    assertEquals("True", node.podRestored("second").getStatus());
    Node.sleep(5000);
    var before = reconciliations();
    assertTrue(
        before.values().stream().anyMatch(v -> Double.parseDouble(v) > 0),
        "no reconciliation was ever counted: " + before);
    Node.sleep(60_000);
    assertEquals(before, reconciliations());
  }
}
