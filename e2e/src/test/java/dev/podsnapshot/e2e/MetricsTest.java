package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the dashboards and the alerts are made of, as the services show it. */
class MetricsTest {
  private static final Path KUBERNETES = Path.of("../kubernetes");
  private static final Pattern USED =
      Pattern.compile("\\b(?:podsnapshot|reconciliations|jvm|process)_\\w+");
  private static final Pattern SHOWN = Pattern.compile("(?m)^(\\w+)[{ ]");
  private static final int CONTROLLER = 8080;
  private static final int SNAPSHOTTER = 8081;
  private static final int UPLOADER = 8082;
  private static final int RESTORER = 8083;

  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    node.close();
  }

  private static Set<String> used(String folder, String glob) throws IOException {
    var names = new TreeSet<String>();
    try (var files = Files.newDirectoryStream(KUBERNETES.resolve(folder), glob)) {
      for (var file : files) {
        USED.matcher(Files.readString(file)).results().forEach(m -> names.add(m.group()));
      }
    }
    return names;
  }

  private Set<String> shown(String app, int... ports) throws IOException {
    var names = new TreeSet<String>();
    for (var port : ports) {
      SHOWN.matcher(node.metrics(app, port)).results().forEach(m -> names.add(m.group(1)));
    }
    return names;
  }

  @Test
  void afterASnapshotAndARestoreAllIsThere() throws IOException {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    node.snapshot("first");
    node.run(node.pod("second", "app"));
    assertEquals("True", node.podRestored("second").getStatus());

    var missing = used("dashboards", "*.json");
    missing.addAll(used("rules", "*.rules.yaml"));
    assertTrue(missing.size() > 40, "the dashboards were read: " + missing);
    missing.removeAll(shown("podsnapshot-controller", CONTROLLER));
    missing.removeAll(shown("pod-snapshot-agent", SNAPSHOTTER, UPLOADER, RESTORER));
    assertEquals(Set.of(), missing);
  }
}
