package dev.podsnapshot.restorer;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Queue;

/** Which chunk is fetched next. Each is given out once. Not safe from several threads. */
final class ChunkQueue {
  /** From the most urgent on. */
  enum Urgency {
    /** A restored process stands still until it is here. */
    FAULT,
    /** Somebody waits for it. */
    WANTED,
    /** It will be wanted. */
    AHEAD
  }

  private final Map<Urgency, Queue<Integer>> queues = new EnumMap<>(Urgency.class);
  private final BitSet given = new BitSet();

  /**
   * @param order of all chunks, as long as nobody wants one
   */
  ChunkQueue(List<Integer> order) {
    for (var urgency : Urgency.values()) {
      queues.put(urgency, new ArrayDeque<>());
    }
    queues.get(Urgency.AHEAD).addAll(order);
  }

  void want(int chunk, Urgency urgency) {
    if (!given.get(chunk)) {
      queues.get(urgency).add(chunk);
    }
  }

  /** The most urgent one that is at least so urgent. */
  OptionalInt next(Urgency atLeast) {
    for (var urgency : Urgency.values()) {
      if (urgency.compareTo(atLeast) > 0) {
        break;
      }
      var queue = queues.get(urgency);
      while (!queue.isEmpty()) {
        var chunk = queue.poll();
        if (!given.get(chunk)) {
          given.set(chunk);
          return OptionalInt.of(chunk);
        }
      }
    }
    return OptionalInt.empty();
  }
}
