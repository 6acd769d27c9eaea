package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.podsnapshot.manifest.SnapshotManifest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The real runsc restores from a snapshot that is still arriving. Needs root. */
@Timeout(90)
class LiveRestoreTest {
  private static final int CHUNK = 4 << 20;
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  @TempDir Path folder;
  private LiveFolder live;
  private TestSandbox sandbox;
  private Path image;
  private SnapshotManifest manifest;
  private Arrival arrival;

  /** Between two chunks of the source, milliseconds. */
  private volatile int pause;

  @BeforeEach
  void checkpoint() throws Exception {
    live = new LiveFolder(TestConfig.in(folder), metrics);
    live.start(null);
    assumeTrue(live.available(), "root and /dev/fuse");
    sandbox = TestSandbox.in(folder, 192);
    image = sandbox.checkpoint();
    manifest = TestSandbox.manifest(image, CHUNK);
    arrival = Arrival.into(Files.createDirectory(folder.resolve("partial")), manifest, List.of());
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    if (sandbox != null) {
      sandbox.close();
      arrival.close();
    }
    if (live.available()) {
      live.stop(null);
    }
    assertFalse(Files.readString(Path.of("/proc/self/mountinfo")).contains(folder.toString()));
  }

  /** One chunk after the other. */
  private ChunkSource slow() {
    return (chunk, into) -> {
      synchronized (this) {
        try (var file = FileChannel.open(image.resolve(chunk.file().name()))) {
          Thread.sleep(pause);
          while (into.hasRemaining() && file.read(into, chunk.offset() + into.position()) > 0) {
            Thread.onSpinWait();
          }
        } catch (IOException e) {
          throw new StagingException(StagingException.UNAVAILABLE, e.getMessage(), e);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    };
  }

  private void stage(ChunkSource source) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                new Transfer(arrival, source, new ChunkBuffers(TestConfig.in(folder)), metrics)
                    .run(2, 1);
              } catch (StagingException | InterruptedException e) {
                // seen by the sandbox
              }
            });
  }

  @Test
  void theProcessGoesOnBeforeItsMemoryIsHereAndFindsAllOfIt() throws Exception {
    pause = 150;
    var shown = live.show("test", arrival);
    stage(slow());
    arrival.startable().get();
    sandbox.restore("second", shown);
    while (!sandbox.output("second").contains("tick")) {
      Thread.sleep(5);
    }
    assertFalse(arrival.whole().isDone());
    pause = 0;
    sandbox.awaitRestored("second");
    while (!sandbox.output("second").contains("right")) {
      assertFalse(sandbox.output("second").contains("WRONG"));
      Thread.sleep(20);
    }
    arrival.whole().get();
    for (var file : manifest.files()) {
      assertTrue(
          Files.mismatch(image.resolve(file.name()), folder.resolve("partial").resolve(file.name()))
              < 0);
    }
  }

  @Test
  void aSandboxWhosePagesDoNotComeEnds() throws Exception {
    pause = 50;
    var shown = live.show("test", arrival);
    stage(
        (chunk, into) -> {
          if (chunk.offset() > 100 << 20) {
            throw new StagingException("SnapshotMissing", "404");
          }
          slow().read(chunk, into);
        });
    arrival.startable().get();
    sandbox.restore("second", shown);
    assertThrows(IOException.class, () -> sandbox.awaitRestored("second"));
    while (!sandbox.status("second").equals("stopped")) {
      Thread.sleep(20);
    }
    assertFalse(sandbox.output("second").contains("right"));
  }
}
