package dev.podsnapshot.snapshotter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.SnapshotRef;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpoolTest {
  @TempDir Path directory;
  private Path neighbour;
  private Spool spool;

  @BeforeEach
  void open() throws IOException {
    neighbour = Files.createDirectory(directory.resolve("neighbour"));
    Files.writeString(neighbour.resolve("file"), "x");
    spool =
        new Spool(
            TestConfig.in(Files.createDirectory(directory.resolve("spool")), Map.of()),
            new SimpleMeterRegistry());
  }

  private static CheckpointOrder order(String name) {
    return CheckpointOrder.newBuilder()
        .setSnapshot(SnapshotRef.newBuilder().setNamespace("n").setName(name))
        .build();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", ".", "..", "../neighbour", "/etc", "a/b", "a/../b", "../spool/../neighbour"})
  void aNameThatIsNoFolderIsRefused(String name) throws IOException {
    assertThrows(IllegalArgumentException.class, () -> spool.open(order(name)));
    assertThrows(IllegalArgumentException.class, () -> spool.remove(name));
    assertTrue(Files.exists(neighbour.resolve("file")));
    assertEquals(List.of(), spool.unfinished());
  }

  @Test
  void aSnapshotHasAFolderOfItsOwn() throws IOException {
    var order = order("0d6f");
    spool.markComplete(spool.open(order));
    assertEquals(List.of(order), spool.unfinished());
    spool.remove("0d6f");
    assertEquals(List.of(), spool.unfinished());
  }
}
