package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What a test must not leave on the node. */
final class Leftovers {
  private static final Path RUNSC_STATE = Path.of("/run/podsnapshot-local/runsc/k8s.io");
  private static final Path CACHE = Path.of("/var/lib/podsnapshots/cache");

  private Leftovers() {}

  /** Ends the Pods of the test, and expects that no sandbox of theirs outlives them. */
  static void expectNoSandboxes(Node node) {
    node.client.pods().inNamespace(node.namespace).withGracePeriod(0).delete();
    node.await(
        "the end of the test's Pods",
        () -> node.client.pods().inNamespace(node.namespace).list().getItems(),
        List::isEmpty);
    Node.await(
        "the end of the test's sandboxes",
        Duration.ofSeconds(30),
        Leftovers::sandboxes,
        found -> found.stream().noneMatch(text -> text.contains(node.namespace)));
  }

  /**
   * Expects that no restore is under way on the node, of any Pod, and no part of a stage is left.
   */
  static void expectNothingUnderWay() throws IOException {
    assertEquals(List.of(), names(Path.of("/run/podsnapshots/planned")));
    assertEquals(List.of(), names(Path.of("/run/podsnapshots/restoring")));
    assertEquals(
        List.of(), names(CACHE).stream().filter(name -> name.endsWith(".partial")).toList());
  }

  private static List<String> names(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (var files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  /** The state records of runsc: one for each container, with its annotations. */
  private static List<String> sandboxes() {
    try (var files = Files.list(RUNSC_STATE)) {
      return files.filter(f -> f.toString().endsWith(".state")).map(Leftovers::contents).toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String contents(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return ""; // gone since
    }
  }
}
