package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  /** A lane that comes second, with little to do, does not wait for the first one's long queue. */
  @Test
  void lanesShareFairly() throws Exception {
    var connections = new Connections(4);
    var order = Collections.synchronizedList(new ArrayList<String>());
    var go = new Semaphore(0, true);
    try (var big = connections.open();
        var small = connections.open()) {
      var all = new CountDownLatch(44);
      for (var i = 0; i < 40; i++) {
        big.submit(() -> run("big", order, go, all));
      }
      for (var i = 0; i < 4; i++) {
        small.submit(() -> run("small", order, go, all));
      }
      // One by one, in the order in which they began: a thread that is slow to run is no unfair
      // turn.
      for (var left = 44; left > 0; left--) {
        go.release();
        while (all.getCount() >= left) {
          Thread.sleep(1);
        }
      }
    }
    // Four of the big one were begun before the small one came; then turns are taken.
    var last = order.lastIndexOf("small");
    assertTrue(last < 16, "the small one ended as number " + last + " of " + order);
  }

  private static void run(String lane, List<String> order, Semaphore go, CountDownLatch all) {
    go.acquireUninterruptibly();
    order.add(lane);
    all.countDown();
  }

  @Test
  void noMoreAtOnceThanTheLimit() throws Exception {
    var connections = new Connections(3);
    var running = new AtomicInteger();
    var most = new AtomicInteger();
    var done = new CountDownLatch(30);
    try (var lane = connections.open()) {
      for (var i = 0; i < 30; i++) {
        lane.submit(
            () -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              Thread.yield();
              running.decrementAndGet();
              done.countDown();
            });
      }
      done.await();
    }
    assertTrue(most.get() <= 3 && most.get() > 0, most.get() + " at once");
  }

  @Test
  void closingDropsWhatWaitsAndWaitsForWhatRuns() throws Exception {
    var connections = new Connections(1);
    var begun = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var ran = new AtomicInteger();
    var lane = connections.open();
    lane.submit(
        () -> {
          begun.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
          ran.incrementAndGet();
        });
    lane.submit(ran::incrementAndGet);
    begun.await();
    var closing = Thread.ofVirtual().start(lane::close);
    while (closing.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    go.countDown();
    closing.join();
    assertEquals(1, ran.get());
  }
}
