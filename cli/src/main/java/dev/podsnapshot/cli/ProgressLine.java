package dev.podsnapshot.cli;

import java.time.Duration;

/**
 * One line of a terminal that tells how far something has come.
 *
 * @param steps 0: it has no steps, and so no bar
 */
record ProgressLine(int step, int steps, String what, String detail, Duration elapsed) {
  private static final int BAR = 20;

  static ProgressLine of(Creation.UnderWay creation, Duration elapsed) {
    return new ProgressLine(
        creation.stage().ordinal(),
        Creation.Stage.READY.ordinal(),
        creation.stage().text(),
        creation.detail(),
        elapsed);
  }

  /** Cut to the width of the terminal: a line that wraps can't be overwritten. */
  String text(int width) {
    var line = "%s%s %s".formatted(bar(), what, Ages.text(elapsed));
    if (!detail.isEmpty()) {
      line += ": " + detail.replaceAll("\\s+", " ");
    }
    return line.length() <= width ? line : line.substring(0, Math.max(0, width - 1)) + "…";
  }

  private String bar() {
    if (steps == 0) {
      return "";
    }
    var full = BAR * step / steps;
    return "[%s%s] ".formatted("#".repeat(full), "-".repeat(BAR - full));
  }
}
