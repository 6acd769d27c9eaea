package dev.podsnapshot.restorer;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Tells what a restored process waits for from what gVisor's loader reads on its own. The loader
 * goes through {@code pages.img} from front to back with 128 reads of 256 KiB under way
 * (pkg/sentry/state/stateio/pagesfile.go), so that they come out of order within 32 MiB; what a
 * task faults on is read out of turn. Not safe from several threads.
 */
final class ReadPattern {
  private static final long LOADER_BYTES = 32 << 20;

  private final Set<Integer> faults = new LinkedHashSet<>();
  private long front;

  /**
   * Notes a read of the pages file.
   *
   * @return whether it is out of turn
   */
  boolean fault(Chunk chunk, long offset) {
    if (offset <= front + LOADER_BYTES) {
      front = Math.max(front, offset);
      return false;
    }
    faults.add(chunk.number());
    return true;
  }

  /** The chunks that were read out of turn, in that order. */
  List<Integer> faults() {
    return new ArrayList<>(faults);
  }
}
