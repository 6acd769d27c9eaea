package dev.podsnapshot.cli;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;

/** Looks again and again until what it sees is final. */
final class Polling {
  private static final Duration INTERVAL = Duration.ofMillis(300);

  private Polling() {}

  /**
   * @param look what is final now, if anything; is given the time since the beginning
   * @return empty if the limit was reached before
   */
  static <T> Optional<T> until(Duration limit, Function<Duration, Optional<T>> look)
      throws InterruptedException {
    var begin = System.nanoTime();
    while (true) {
      var elapsed = Duration.ofNanos(System.nanoTime() - begin);
      var seen = look.apply(elapsed);
      if (seen.isPresent() || elapsed.compareTo(limit) >= 0) {
        return seen;
      }
      Thread.sleep(INTERVAL);
    }
  }
}
