package dev.podsnapshot.restorer;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where the time of one restore went: phases that follow each other without a gap, so that they add
 * up to the whole. Guarded by its own monitor.
 */
final class Timeline {
  /** In the order in which they come. */
  enum Phase {
    /** The controller chooses a snapshot; ours. */
    MATCH,
    /** The sandbox's bundle is made fit for it; ours. */
    BUNDLE,
    /** The runtime creates the sandbox. */
    SANDBOX,
    /** The created sandbox waits for its snapshot; ours. */
    STAGE,
    /** The runtime restores the sandbox, and creates and restores the Pod's containers. */
    CONTAINERS,
    /** The process runs, and the last of its pages arrive. */
    PAGES;

    String label() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final Map<Phase, Duration> phases = new EnumMap<>(Phase.class);
  private final long begun;
  private long last;

  /**
   * @param begun when the hook's first question came, as {@link System#nanoTime()} gives it
   */
  Timeline(long begun) {
    this.begun = begun;
    this.last = begun;
  }

  /** The phase ends at {@code now}, and whatever came since the end of the one before is its. */
  synchronized void end(Phase phase, long now) {
    phases.merge(phase, Duration.ofNanos(now - last), Duration::plus);
    last = now;
  }

  long begunNanos() {
    return begun;
  }

  synchronized Map<Phase, Duration> phases() {
    return new EnumMap<>(phases);
  }

  synchronized Duration whole() {
    return Duration.ofNanos(last - begun);
  }

  /** {@code match_millis=3 bundle_millis=1 ...} */
  @Override
  public String toString() {
    return phases().entrySet().stream()
        .map(e -> e.getKey().label() + "_millis=" + e.getValue().toMillis())
        .collect(Collectors.joining(" "));
  }
}
