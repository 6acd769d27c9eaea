package dev.podsnapshot.uploader;

import dev.podsnapshot.storage.ObjectStoreException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.jboss.logging.Logger;

/**
 * The tries of one snapshot's requests. A request that failed is sent again after a pause that
 * doubles, a few times; all requests of the snapshot together have a budget of retries, which each
 * success refills a little, so that a store that is down is not asked thousands of times.
 */
final class Retries {
  private static final Logger LOG = Logger.getLogger(Retries.class);
  private static final int TRIES = 8;
  private static final double BUDGET = 64;
  private static final double REFILL = 0.25;

  private final String snapshot;
  private final Duration first;
  private final Duration longest;
  private final Runnable counted;
  private double budget = BUDGET;

  /**
   * @param counted called for each retry
   */
  Retries(String snapshot, Duration first, Duration longest, Runnable counted) {
    this.snapshot = snapshot;
    this.first = first;
    this.longest = longest;
    this.counted = counted;
  }

  interface Request<T> {
    T send() throws ObjectStoreException;
  }

  <T> T call(Request<T> request) throws ObjectStoreException {
    for (var attempt = 1; ; attempt++) {
      try {
        var result = request.send();
        refill();
        return result;
      } catch (ObjectStoreException e) {
        pause(attempt, e);
      }
    }
  }

  /** Waits before try {@code attempt + 1}, or throws the failure if there shall be none. */
  void pause(int attempt, ObjectStoreException failure) throws ObjectStoreException {
    var passing =
        switch (failure.kind()) {
          case UNAVAILABLE, CORRUPT -> true;
          case NOT_FOUND, PERMISSION_DENIED, PRECONDITION, SOURCE, OTHER -> false;
        };
    if (!passing || attempt >= TRIES || Thread.currentThread().isInterrupted() || !spend()) {
      throw failure;
    }
    counted.run();
    var nanos = Math.min(first.toNanos() << (attempt - 1), longest.toNanos());
    // Spread, so that the connections do not come back all at once.
    nanos = ThreadLocalRandom.current().nextLong(nanos / 2, nanos + 1);
    LOG.warnf(
        "snapshot=%s phase=upload attempt=%d pause_ms=%d: %s",
        snapshot, attempt, nanos / 1_000_000, failure.getMessage());
    try {
      Thread.sleep(Duration.ofNanos(nanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure;
    }
  }

  private synchronized boolean spend() {
    if (budget < 1) {
      return false;
    }
    budget--;
    return true;
  }

  private synchronized void refill() {
    budget = Math.min(BUDGET, budget + REFILL);
  }
}
