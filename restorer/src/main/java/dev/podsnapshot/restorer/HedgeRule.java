package dev.podsnapshot.restorer;

import java.time.Duration;
import java.util.Arrays;

/**
 * When a chunk is asked for a second time because its first read takes unusually long: after three
 * times what 95 of 100 reads took lately, for at most 5 % of a snapshot's chunks, but for one in
 * any case. Not safe from several threads.
 */
final class HedgeRule {
  private static final int SAMPLES = 64;
  private static final int ENOUGH = 4;
  private static final int FACTOR = 3;
  private static final double SHARE = 0.05;
  private static final long FLOOR = Duration.ofMillis(100).toNanos();

  private final long[] durations = new long[SAMPLES];
  private final int allowed;
  private int seen;
  private int hedges;

  HedgeRule(int chunks) {
    allowed = Math.max(1, (int) (chunks * SHARE));
  }

  /** A read ended well. */
  void took(long nanos) {
    durations[seen++ % SAMPLES] = nanos;
  }

  /** Whether a read that is under way for so long shall be made again; if so, it counts as made. */
  boolean hedge(long nanos) {
    if (hedges == allowed || seen < ENOUGH || nanos < patience()) {
      return false;
    }
    hedges++;
    return true;
  }

  /** How long a read may take, nanoseconds. */
  long patience() {
    var known = Arrays.copyOf(durations, Math.min(seen, SAMPLES));
    if (known.length == 0) {
      return Long.MAX_VALUE;
    }
    Arrays.sort(known);
    return Math.max(FLOOR, FACTOR * known[(known.length * 95 - 1) / 100]);
  }
}
