package dev.podsnapshot.uploader;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Bytes a second that many threads share. Each transfer books its bytes and waits until those
 * booked before have had their time; up to a tenth of a second's bytes may go ahead.
 */
final class RateLimit {
  private static final long AHEAD_NANOS = 100_000_000;

  private final double nanosPerByte;
  private final LongSupplier clock;
  private final Sleep sleep;
  private long free = Long.MIN_VALUE; // when everything that was booked has had its time

  interface Sleep {
    void nanos(long nanos) throws InterruptedException;
  }

  /**
   * @param bytesPerSecond 0: no limit
   */
  RateLimit(long bytesPerSecond) {
    this(bytesPerSecond, System::nanoTime, nanos -> Thread.sleep(Duration.ofNanos(nanos)));
  }

  RateLimit(long bytesPerSecond, LongSupplier clock, Sleep sleep) {
    this.nanosPerByte = bytesPerSecond == 0 ? 0 : 1e9 / bytesPerSecond;
    this.clock = clock;
    this.sleep = sleep;
  }

  void take(int bytes) throws InterruptedException {
    if (nanosPerByte == 0) {
      return;
    }
    var wait = book(bytes);
    if (wait > 0) {
      sleep.nanos(wait);
    }
  }

  private synchronized long book(int bytes) {
    var now = clock.getAsLong();
    // Time that nobody used is not saved up.
    free = Math.max(free, now - AHEAD_NANOS);
    var wait = free - now;
    free += (long) (bytes * nanosPerByte);
    return wait;
  }
}
