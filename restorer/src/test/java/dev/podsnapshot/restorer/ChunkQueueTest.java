package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.restorer.ChunkQueue.Urgency;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChunkQueueTest {
  private final ChunkQueue queue = new ChunkQueue(List.of(0, 1, 2, 3));

  @Test
  void theMostUrgentFirst() {
    queue.want(3, Urgency.WANTED);
    queue.want(2, Urgency.FAULT);
    assertEquals(2, queue.next(Urgency.AHEAD).getAsInt());
    assertEquals(3, queue.next(Urgency.AHEAD).getAsInt());
    assertEquals(0, queue.next(Urgency.AHEAD).getAsInt());
  }

  @Test
  void eachOnce() {
    queue.want(1, Urgency.FAULT);
    queue.want(1, Urgency.WANTED);
    assertEquals(1, queue.next(Urgency.AHEAD).getAsInt());
    queue.want(1, Urgency.FAULT);
    assertEquals(0, queue.next(Urgency.AHEAD).getAsInt());
    assertEquals(2, queue.next(Urgency.AHEAD).getAsInt());
    assertEquals(3, queue.next(Urgency.AHEAD).getAsInt());
    assertTrue(queue.next(Urgency.AHEAD).isEmpty());
  }

  @Test
  void nothingLessUrgentThanAskedFor() {
    queue.want(1, Urgency.WANTED);
    assertTrue(queue.next(Urgency.FAULT).isEmpty());
    assertEquals(1, queue.next(Urgency.WANTED).getAsInt());
    assertTrue(queue.next(Urgency.WANTED).isEmpty());
  }
}
