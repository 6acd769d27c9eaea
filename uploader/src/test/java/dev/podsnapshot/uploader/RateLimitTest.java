package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {
  private final AtomicLong clock = new AtomicLong(5_000_000_000L);

  @Test
  void bytesTakeTheirTime() throws Exception {
    var limit = new RateLimit(1_000_000, clock::get, clock::addAndGet);
    for (var i = 0; i < 100; i++) {
      limit.take(100_000);
    }
    var seconds = (clock.get() - 5_000_000_000L) / 1e9;
    // The last booking need not have passed, and a tenth of a second goes ahead.
    assertTrue(seconds > 9.7 && seconds <= 10, seconds + " s");
  }

  @Test
  void idleTimeIsNotSavedUp() throws Exception {
    var limit = new RateLimit(1_000_000, clock::get, clock::addAndGet);
    limit.take(1000);
    clock.addAndGet(60_000_000_000L);
    var begin = clock.get();
    for (var i = 0; i < 10; i++) {
      limit.take(100_000);
    }
    assertTrue(clock.get() - begin > 700_000_000L, (clock.get() - begin) + " ns");
  }

  @Test
  void noLimitNeverWaits() throws Exception {
    var limit =
        new RateLimit(
            0,
            clock::get,
            nanos -> {
              throw new AssertionError("waited");
            });
    limit.take(Integer.MAX_VALUE);
    limit.take(Integer.MAX_VALUE);
    assertEquals(5_000_000_000L, clock.get());
  }
}
