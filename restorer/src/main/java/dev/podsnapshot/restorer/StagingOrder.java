package dev.podsnapshot.restorer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/** In which order a snapshot's chunks are fetched while nobody waits for one. */
final class StagingOrder {
  private StagingOrder() {}

  /**
   * First what a restore reads before it starts; then the pages from front to back, as gVisor's
   * loader reads them, in turns with those that faults wanted when the snapshot was restored here
   * before. In turns, and not those first: the loader has room for 128 reads, and a fault is read
   * only when one of them ends (pkg/sentry/pgalloc/save_restore.go, AsyncPagesFileLoad.main).
   *
   * @param faults numbers of chunks, in the order in which they were wanted; others are ignored
   */
  static List<Integer> of(ChunkMap chunks, List<Integer> faults) {
    var order = new LinkedHashSet<Integer>();
    chunks.neededToStart().forEach(c -> order.add(c.number()));
    var pages = new LinkedHashSet<Integer>();
    chunks.pages().forEach(c -> pages.add(c.number()));
    var wanted = new ArrayDeque<>(faults.stream().filter(pages::contains).distinct().toList());
    for (var page : pages) {
      order.add(page);
      if (!wanted.isEmpty()) {
        order.add(wanted.poll());
      }
    }
    return new ArrayList<>(order);
  }
}
