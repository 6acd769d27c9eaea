package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the store does: the right bytes, or a reason. */
@Timeout(30)
class TransferTest {
  private final TestSnapshot snapshot = TestSnapshot.of(1000, 2000, 40 * TestSnapshot.CHUNK + 5);
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  @TempDir Path directory;

  private void run(ChunkSource source) throws StagingException, IOException, InterruptedException {
    try (var arrival = Arrival.into(directory, snapshot.manifest(), List.of())) {
      new Transfer(arrival, source, new ChunkBuffers(TestConfig.in(directory)), metrics).run(4, 1);
    }
  }

  private String reasonOf(ChunkSource source) {
    return assertThrows(StagingException.class, () -> run(source)).reason();
  }

  @Test
  void allChunks() throws Exception {
    run(snapshot.source());
    assertTrue(snapshot.equalsFilesIn(directory));
  }

  /**
   * However many arrive: with three buffers no more than three reads are under way, and all get on.
   */
  @Test
  void severalAtOnceShareTheBuffers() throws Exception {
    var buffers =
        new ChunkBuffers(
            TestConfig.in(
                directory,
                Map.of("podsnapshot.stage-buffers", "2", "podsnapshot.fault-buffers", "1")));
    var now = new AtomicInteger();
    var most = new AtomicInteger();
    ChunkSource counted =
        (chunk, into) -> {
          most.accumulateAndGet(now.incrementAndGet(), Math::max);
          snapshot.source().read(chunk, into);
          now.decrementAndGet();
        };
    try (var transfers = Executors.newFixedThreadPool(5)) {
      var ends = new ArrayList<Future<Boolean>>();
      for (var i = 0; i < 5; i++) {
        var folder = Files.createDirectory(directory.resolve("arrival-" + i));
        ends.add(
            transfers.submit(
                () -> {
                  try (var arrival = Arrival.into(folder, snapshot.manifest(), List.of())) {
                    new Transfer(arrival, counted, buffers, metrics).run(4, 1);
                  }
                  return snapshot.equalsFilesIn(folder);
                }));
      }
      for (var end : ends) {
        assertTrue(end.get());
      }
    }
    assertTrue(most.get() <= 3, most + " reads were under way at once");
  }

  /** Each chunk's first read goes wrong in the given way. */
  private ChunkSource wrongAtFirst(ChunkSource wrong) {
    Set<Integer> seen = ConcurrentHashMap.newKeySet();
    return (chunk, into) -> {
      if (chunk.number() % 7 == 3 && seen.add(chunk.number())) {
        wrong.read(chunk, into);
      } else {
        snapshot.source().read(chunk, into);
      }
    };
  }

  @Test
  void errorsThatPass() throws Exception {
    run(
        wrongAtFirst(
            (chunk, into) -> {
              throw new StagingException(StagingException.UNAVAILABLE, "503");
            }));
    assertTrue(snapshot.equalsFilesIn(directory));
    assertEquals(6, metrics.get("podsnapshot_stage_retries_total").counter().count(), "retries");
  }

  @Test
  void truncatedBodies() throws Exception {
    run(wrongAtFirst((chunk, into) -> into.put(snapshot.bytes(chunk).slice(0, 10))));
    assertTrue(snapshot.equalsFilesIn(directory));
  }

  @Test
  void damagedBodies() throws Exception {
    run(wrongAtFirst((chunk, into) -> into.put(new byte[chunk.length()])));
    assertTrue(snapshot.equalsFilesIn(directory));
  }

  @Test
  void errorsThatStay() {
    assertEquals(
        "StoreUnavailable",
        reasonOf(
            (chunk, into) -> {
              throw new StagingException(StagingException.UNAVAILABLE, "503");
            }));
  }

  @Test
  void errorsThatCantPassAreNotTriedAgain() {
    assertEquals(
        "PermissionDenied",
        reasonOf(
            (chunk, into) -> {
              throw new StagingException("PermissionDenied", "403");
            }));
    assertTrue(metrics.find("podsnapshot_stage_retries_total").counters().isEmpty());
  }

  @Test
  void damageThatStays() {
    assertEquals(
        "SnapshotDamaged",
        reasonOf(
            (chunk, into) -> {
              var bytes = ByteBuffer.allocate(chunk.length()).put(snapshot.bytes(chunk));
              bytes.put(0, (byte) (bytes.get(0) ^ (chunk.number() == 20 ? 1 : 0)));
              into.put(bytes.flip());
            }));
  }

  @Test
  void aReadThatHangsIsMadeASecondTime() throws Exception {
    var never = new CountDownLatch(1);
    run(
        wrongAtFirst(
            (chunk, into) -> {
              if (chunk.number() == 24) {
                try {
                  never.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              }
              snapshot.source().read(chunk, into);
            }));
    never.countDown();
    assertTrue(snapshot.equalsFilesIn(directory));
    assertEquals(
        1, metrics.get("podsnapshot_stage_hedges_total").tag("result", "won").counter().count());
  }

  @Test
  void aBugIsAReasonToo() {
    assertEquals(
        "StagingFailed",
        reasonOf(
            (chunk, into) -> {
              throw new IllegalStateException("bug");
            }));
  }
}
