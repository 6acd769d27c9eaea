package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.podsnapshot.restorer.fuse.FileTree;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Reads through the kernel, of files that are still arriving. Needs root and /dev/fuse. */
@Timeout(60)
class LiveFolderTest {
  private final TestSnapshot snapshot = TestSnapshot.of(1000, 2000, 300 * TestSnapshot.CHUNK + 123);
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  @TempDir Path directory;
  private LiveFolder live;
  private Arrival arrival;
  private Path shown;

  @BeforeEach
  void mount() throws IOException {
    live = new LiveFolder(TestConfig.in(directory), metrics);
    live.start(null);
    assumeTrue(live.available(), "root and /dev/fuse");
    Files.createDirectory(directory.resolve("partial"));
    arrival = Arrival.into(directory.resolve("partial"), snapshot.manifest(), List.of());
    shown = live.show("test", arrival);
  }

  @AfterEach
  void unmount() throws Exception {
    if (live.available()) {
      arrival.close();
      live.stop(null);
    }
    assertFalse(Files.readString(Path.of("/proc/self/mountinfo")).contains(directory.toString()));
  }

  private void stage(ChunkSource source) {
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                new Transfer(arrival, source, new ChunkBuffers(TestConfig.in(directory)), metrics)
                    .run(4, 1);
              } catch (StagingException | InterruptedException e) {
                // seen by the readers
              }
            });
  }

  @Test
  void theBytesAreTheSameInWhateverOrderTheyAreReadAndArrive() throws Exception {
    var random = new Random(1);
    stage(
        (chunk, into) -> {
          sleep(random.nextInt(8));
          snapshot.source().read(chunk, into);
        });
    try (var readers = Executors.newFixedThreadPool(32);
        var file = FileChannel.open(shown.resolve("pages.img"))) {
      assertEquals(snapshot.pages().bytes(), file.size());
      var reads = new ArrayList<Future<byte[]>>();
      var offsets = new ArrayList<Integer>();
      for (var i = 0; i < 400; i++) {
        var offset = random.nextInt((int) file.size());
        var buffer = ByteBuffer.allocateDirect(1 + random.nextInt(300_000));
        offsets.add(offset);
        reads.add(
            readers.submit(
                () -> {
                  while (buffer.hasRemaining()
                      && file.read(buffer, offset + buffer.position()) > 0) {
                    Thread.onSpinWait();
                  }
                  var bytes = new byte[buffer.flip().remaining()];
                  buffer.get(bytes);
                  return bytes;
                }));
      }
      var all = snapshot.files().get("pages.img");
      for (var i = 0; i < reads.size(); i++) {
        var got = reads.get(i).get();
        var from = offsets.get(i);
        assertArrayEquals(java.util.Arrays.copyOfRange(all, from, from + got.length), got);
        assertTrue(got.length > 0);
      }
    }
    assertTrue(snapshot.equalsFilesIn(shown));
  }

  @Test
  void aFailureIsAnInputOutputError() throws Exception {
    try (var file = FileChannel.open(shown.resolve("pages.img"))) {
      var read =
          CompletableFuture.runAsync(
              () -> read(file, ByteBuffer.allocate(10), 200L * TestSnapshot.CHUNK));
      while (metrics.get("podsnapshot_live_reads_waited_total").counter().count() == 0) {
        Thread.sleep(1);
      }
      assertFalse(read.isDone());
      arrival.fail(new StagingException(StagingException.UNAVAILABLE, "gone"));
      var failure = assertThrows(ExecutionException.class, read::get);
      assertTrue(failure.getCause().getMessage().contains("Input/output error"));
    }
  }

  @Test
  void aReaderThatIsKilledEndsAtOnce() throws Exception {
    var reader =
        new ProcessBuilder("head", "-c", "10", shown.resolve("pages.img").toString()).start();
    while (metrics.get("podsnapshot_live_reads_waited_total").counter().count() == 0) {
      Thread.sleep(1);
    }
    reader.destroyForcibly();
    assertTrue(reader.waitFor(10, TimeUnit.SECONDS));
  }

  @Test
  void whatIsHiddenStaysReadableForWhoHasItOpen() throws Exception {
    stage(snapshot.source());
    try (var file = new RandomAccessFile(shown.resolve("pages.img").toFile(), "r")) {
      live.hide("test");
      assertThrows(
          NoSuchFileException.class,
          () -> FileChannel.open(shown.resolve("pages.img"), StandardOpenOption.READ));
      var bytes = new byte[(int) snapshot.pages().bytes()];
      file.readFully(bytes);
      assertArrayEquals(snapshot.files().get("pages.img"), bytes);
    }
  }

  @Test
  void numbersAreNotUsedAgain() throws IOException {
    var before = live.child(FileTree.ROOT, "test").orElseThrow().number();
    live.show("test", arrival);
    assertTrue(live.child(FileTree.ROOT, "test").orElseThrow().number() > before);
    assertTrue(live.node(before).isEmpty());
  }

  private static void read(FileChannel file, ByteBuffer buffer, long offset) {
    try {
      file.read(buffer, offset);
    } catch (IOException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
