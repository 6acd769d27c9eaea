package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.restorer.ChunkQueue.Urgency;
import dev.podsnapshot.restorer.fuse.ReadReply;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A byte is given out when it was verified and not before. */
class ArrivalTest {
  private final TestSnapshot snapshot = TestSnapshot.of(1000, 2000, 4 * TestSnapshot.CHUNK + 77);
  @TempDir Path directory;
  private Arrival arrival;

  @BeforeEach
  void begin() throws IOException {
    arrival = Arrival.into(directory, snapshot.manifest(), List.of());
  }

  @AfterEach
  void close() throws IOException {
    arrival.close();
  }

  private static final class Answer implements ReadReply {
    byte[] bytes;
    boolean failed;

    @Override
    public void data(MemorySegment segment) {
      bytes = segment.toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public void failed() {
      failed = true;
    }
  }

  private Answer read(long offset, int length) {
    var answer = new Answer();
    arrival.read(snapshot.pages(), offset, length, answer);
    return answer;
  }

  private void put(int chunk) throws StagingException, IOException {
    arrival.put(arrival.chunks().get(chunk), snapshot.bytes(arrival.chunks().get(chunk)));
  }

  private byte[] expected(long offset, int length) {
    return Arrays.copyOfRange(
        snapshot.files().get("pages.img"), (int) offset, (int) offset + length);
  }

  @Test
  void aReadOverTwoChunksWaitsForBoth() throws Exception {
    var answer = read(TestSnapshot.CHUNK - 10, 20);
    put(2);
    assertEquals(null, answer.bytes);
    put(3);
    assertArrayEquals(expected(TestSnapshot.CHUNK - 10, 20), answer.bytes);
  }

  @Test
  void whatIsHereIsAnsweredAtOnce() throws Exception {
    put(6);
    assertArrayEquals(expected(4 * TestSnapshot.CHUNK, 77), read(4 * TestSnapshot.CHUNK, 77).bytes);
  }

  @Test
  void startableWithoutThePages() throws Exception {
    put(0);
    assertFalse(arrival.startable().isDone());
    put(1);
    assertTrue(arrival.startable().isDone());
    assertFalse(arrival.whole().isDone());
  }

  @Test
  void wrongBytesNeverCount() {
    var chunk = arrival.chunks().get(3);
    var wrong = ByteBuffer.allocate(chunk.length()).put(snapshot.bytes(chunk)).flip();
    wrong.put(5, (byte) (wrong.get(5) ^ 1));
    assertThrows(StagingException.class, () -> arrival.put(chunk, wrong));
    assertThrows(
        StagingException.class,
        () -> arrival.put(chunk, snapshot.bytes(chunk).limit(snapshot.bytes(chunk).limit() - 1)));
    assertFalse(arrival.here(chunk));
  }

  @Test
  void whatIsWantedIsFetchedFirst() throws Exception {
    read(3 * TestSnapshot.CHUNK, 10);
    assertEquals(5, arrival.next(Urgency.AHEAD).orElseThrow().number());
    assertEquals(0, arrival.next(Urgency.AHEAD).orElseThrow().number());
  }

  @Test
  void afterAFailureReadsOfWhatIsMissingFail() throws Exception {
    put(2);
    var waiting = read(TestSnapshot.CHUNK, 10);
    arrival.fail(new StagingException(StagingException.UNAVAILABLE, "gone"));
    assertTrue(waiting.failed);
    assertTrue(read(2 * TestSnapshot.CHUNK, 10).failed);
    assertArrayEquals(expected(0, 10), read(0, 10).bytes);
    assertTrue(arrival.next(Urgency.FAULT).isEmpty());
    assertTrue(arrival.whole().isCompletedExceptionally());
  }

  @Test
  void anInterruptedArrivalGoesOnAfterEachChunkWasVerifiedAgain() throws Exception {
    for (var chunk = 0; chunk < 5; chunk++) {
      put(chunk);
    }
    arrival.close();
    try (var file = FileChannel.open(directory.resolve("pages.img"), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4}), TestSnapshot.CHUNK + 100);
    }
    arrival = Arrival.into(directory, snapshot.manifest(), List.of());
    var scratch = ByteBuffer.allocateDirect(TestSnapshot.CHUNK);
    for (var chunk : arrival.chunks().all()) {
      var intact = chunk.number() < 5 && chunk.number() != 3;
      assertEquals(intact, arrival.recover(chunk, scratch), "chunk " + chunk.number());
      assertEquals(intact, arrival.here(chunk));
    }
    put(3);
    put(5);
    put(6);
    assertTrue(arrival.whole().isDone());
    assertTrue(snapshot.equalsFilesIn(directory));
  }
}
