package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.manifest.SnapshotManifest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A restorer is killed at any moment while a snapshot arrives and is read. How often: {@code
 * -Dpodsnapshot.test.kills}; bench/stage-kill does it 50 times.
 */
class KilledStagingTest {
  private static final int KILLS = Integer.getInteger("podsnapshot.test.kills", 4);
  private static final TestSnapshot SNAPSHOT =
      TestSnapshot.of(1000, 2000, 400 * TestSnapshot.CHUNK + 9);
  @TempDir Path folder;

  /** The process that is killed: stages once, with the pace of a slow store. */
  static final class Victim {
    public static void main(String[] arguments) throws Exception {
      var folder = Path.of(arguments[0]);
      var config = TestConfig.in(folder, Map.of("podsnapshot.live-from-bytes", "1"));
      var store = new DirectoryStore(folder.resolve("bucket"));
      store.pause = 8;
      var metrics = new SimpleMeterRegistry();
      var live = new LiveFolder(config, metrics);
      live.start(null);
      var cache =
          new SnapshotCache(
              config, new SnapshotReader(store.store()), live, new ChunkBuffers(config), metrics);
      cache.sweep(null);
      System.out.println("begins");
      var staging =
          cache.stage(
              Restore.newBuilder()
                  .setSnapshot(SnapshotRef.newBuilder().setName("test"))
                  .setLocation(Location.newBuilder().setBucket("bucket"))
                  .build(),
              Credential.OWN);
      System.out.println("shown " + staging.directory(10_000));
      staging.whole().get();
      System.out.println("whole");
      live.stop(null);
    }
  }

  private Process victim() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Victim.class.getName(),
            folder.toString())
        .redirectError(folder.resolve("errors").toFile())
        .start();
  }

  @AfterEach
  void noMountIsLeft() throws IOException {
    new ProcessBuilder("umount", "-l", folder.resolve("live").toString()).start();
  }

  @Test
  void neverAWrongByteAndNothingLeft() throws Exception {
    Files.createDirectories(folder.resolve("bucket"));
    for (var file : SNAPSHOT.files().entrySet()) {
      Files.write(folder.resolve("bucket").resolve(file.getKey()), file.getValue());
    }
    Files.write(
        folder.resolve("bucket").resolve(SnapshotManifest.OBJECT), SNAPSHOT.manifest().toJson());
    var random = new Random();
    var interrupted = 0;
    for (var kill = 0; kill < KILLS; kill++) {
      var process = victim();
      var out = new BufferedReader(new InputStreamReader(process.getInputStream()));
      assertEquals("begins", out.readLine(), () -> contents(folder.resolve("errors")));
      var readers = CompletableFuture.supplyAsync(() -> wrongBytesRead(out));
      Thread.sleep(random.nextInt(1000));
      process.destroyForcibly().waitFor();
      assertEquals(0, readers.get(), "wrong bytes were read");
      if (Files.exists(folder.resolve("cache/test"))) {
        assertTrue(SNAPSHOT.equalsFilesIn(folder.resolve("cache/test")));
        if (random.nextBoolean()) {
          delete(folder.resolve("cache/test"));
        }
      } else {
        interrupted++;
        if (random.nextInt(5) == 0 && Files.exists(folder.resolve("cache/test.partial"))) {
          delete(folder.resolve("cache/test.partial"));
        }
      }
    }
    // And once to the end.
    var process = victim();
    process.getInputStream().readAllBytes();
    assertEquals(0, process.waitFor(), () -> contents(folder.resolve("errors")));
    assertTrue(SNAPSHOT.equalsFilesIn(folder.resolve("cache/test")));
    assertEquals(List.of("test"), names(folder.resolve("cache")));
    System.out.printf(
        "killed %d times, %d of them before the snapshot was whole%n", KILLS, interrupted);
  }

  /** Reads as far as it comes, of whatever the victim says it shows. */
  private static int wrongBytesRead(BufferedReader out) {
    var wrong = 0;
    try {
      var line = out.readLine();
      if (line == null || !line.startsWith("shown ")) {
        return 0;
      }
      var expected = SNAPSHOT.files().get(ChunkMap.PAGES);
      var offset = 0;
      try (var file = FileChannel.open(Path.of(line.substring(6)).resolve(ChunkMap.PAGES))) {
        var buffer = ByteBuffer.allocate(100_000);
        for (var n = file.read(buffer); n > 0; n = file.read(buffer.clear())) {
          if (!Arrays.equals(buffer.array(), 0, n, expected, offset, offset + n)) {
            wrong++;
          }
          offset += n;
        }
      }
    } catch (IOException e) {
      // killed meanwhile
    }
    return wrong;
  }

  private static void delete(Path directory) throws IOException {
    try (var files = Files.newDirectoryStream(directory)) {
      for (var file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  private static List<String> names(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }

  private static String contents(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return "";
    }
  }
}
