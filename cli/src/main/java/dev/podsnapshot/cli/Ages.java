package dev.podsnapshot.cli;

import java.time.Duration;
import java.time.Instant;

/** Spans of time as kubectl prints them: {@code 45s}, {@code 3m12s}, {@code 5h}, {@code 12d}. */
final class Ages {
  private Ages() {}

  /** The age of something that began then; {@link Table#UNKNOWN} if nobody knows when. */
  static String since(Instant then, Instant now) {
    return then == null ? Table.UNKNOWN : text(Duration.between(then, now));
  }

  /** Two units at most, fewer the longer it is; a negative one is shown as none. */
  static String text(Duration age) {
    var seconds = Math.max(0, age.toSeconds());
    var minutes = seconds / 60;
    var hours = minutes / 60;
    var days = hours / 24;
    if (seconds < 120) {
      return seconds + "s";
    }
    if (minutes < 10) {
      return two(minutes, "m", seconds % 60, "s");
    }
    if (minutes < 180) {
      return minutes + "m";
    }
    if (hours < 8) {
      return two(hours, "h", minutes % 60, "m");
    }
    if (hours < 48) {
      return hours + "h";
    }
    if (days < 8) {
      return two(days, "d", hours % 24, "h");
    }
    if (days < 730) {
      return days + "d";
    }
    return days < 8 * 365 ? two(days / 365, "y", days % 365, "d") : days / 365 + "y";
  }

  private static String two(long a, String unitA, long b, String unitB) {
    return b == 0 ? a + unitA : a + unitA + b + unitB;
  }
}
