package dev.podsnapshot.uploader;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * The transfers that are under way at once, over all snapshots. Each snapshot has a lane; whenever
 * a connection becomes free it goes to the lane that has the fewest, and among equals to the one
 * that has waited longest. A thread lives as long as there is something to send.
 */
final class Connections {
  private final int limit;
  private final List<Lane> lanes = new ArrayList<>();
  private int threads;
  private long turns;

  Connections(int limit) {
    this.limit = limit;
  }

  synchronized Lane open() {
    var lane = new Lane();
    lanes.add(lane);
    return lane;
  }

  private synchronized void submit(Lane lane, Runnable transfer) {
    lane.waiting.add(transfer);
    if (threads < limit) {
      threads++;
      Thread.ofPlatform().daemon().name("upload-", threads).start(this::work);
    }
  }

  private void work() {
    for (var turn = next(null); turn != null; turn = next(turn.lane())) {
      turn.transfer().run();
    }
  }

  private record Turn(Lane lane, Runnable transfer) {}

  /** Gives the finished lane its connection back and takes the next; null: nothing is left. */
  private synchronized Turn next(Lane finished) {
    if (finished != null) {
      finished.running--;
      notifyAll();
    }
    var chosen =
        lanes.stream()
            .filter(lane -> !lane.waiting.isEmpty())
            .min(Comparator.comparingInt((Lane l) -> l.running).thenComparingLong(l -> l.lastTurn));
    if (chosen.isEmpty()) {
      threads--;
      return null;
    }
    var lane = chosen.get();
    lane.running++;
    lane.lastTurn = ++turns;
    return new Turn(lane, lane.waiting.poll());
  }

  /** The transfers of one snapshot. */
  final class Lane implements AutoCloseable {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private int running;
    private long lastTurn;

    /** The transfer must not throw. */
    void submit(Runnable transfer) {
      Connections.this.submit(this, transfer);
    }

    /** Drops what has not begun. */
    void drop() {
      synchronized (Connections.this) {
        waiting.clear();
      }
    }

    /** Drops what has not begun and waits for what has. */
    @Override
    public void close() {
      synchronized (Connections.this) {
        waiting.clear();
        var interrupted = false;
        while (running > 0) {
          try {
            Connections.this.wait();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        lanes.remove(this);
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
