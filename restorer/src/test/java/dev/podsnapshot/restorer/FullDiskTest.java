package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that has no room any more while a snapshot arrives. Needs root. */
class FullDiskTest {
  private final TestSnapshot snapshot = TestSnapshot.of(1000, 2000, 50 * TestSnapshot.CHUNK);
  @TempDir Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "test", disk.toString()) == 0;
    assumeTrue(mounted, "root");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (mounted) {
      assertEquals(0, run("umount", "-l", disk.toString()));
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  @Test
  void isAReason() throws Exception {
    try (var arrival = Arrival.into(disk, snapshot.manifest(), List.of())) {
      var transfer =
          new Transfer(
              arrival,
              snapshot.source(),
              new ChunkBuffers(TestConfig.in(disk)),
              new SimpleMeterRegistry());
      var e = assertThrows(StagingException.class, () -> transfer.run(4, 1));
      assertEquals("StagingFailed", e.reason());
      assertTrue(e.getMessage().contains("No space left"), e.getMessage());
    }
  }
}
