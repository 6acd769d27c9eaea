package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StagingOrderTest {
  // Chunks 0 and 1 are the small files, 2 to 9 the pages.
  private final ChunkMap chunks = TestSnapshot.of(100, 100, 8 * TestSnapshot.CHUNK).chunks();

  @Test
  void withoutHistoryFromFrontToBack() {
    assertEquals(IntStream.range(0, 10).boxed().toList(), StagingOrder.of(chunks, List.of()));
  }

  @Test
  void earlierFaultsTakeTurnsWithTheLoader() {
    assertEquals(List.of(0, 1, 2, 9, 3, 5, 4, 6, 7, 8), StagingOrder.of(chunks, List.of(9, 5, 9)));
  }

  @Test
  void whatIsNoPageOfThisSnapshotIsIgnored() {
    assertEquals(
        IntStream.range(0, 10).boxed().toList(), StagingOrder.of(chunks, List.of(0, -3, 700)));
  }
}
