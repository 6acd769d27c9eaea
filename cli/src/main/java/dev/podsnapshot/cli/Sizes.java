package dev.podsnapshot.cli;

import java.util.Locale;
import java.util.OptionalLong;

/** Amounts of bytes for people, in powers of 1024. */
final class Sizes {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

  private Sizes() {}

  static String text(OptionalLong bytes) {
    return bytes.isPresent() ? text(bytes.getAsLong()) : Table.UNKNOWN;
  }

  /** Three digits are enough to compare. */
  static String text(long bytes) {
    double value = bytes;
    var unit = 0;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 || value >= 100
        ? "%d%s".formatted(Math.round(value), UNITS[unit])
        : String.format(Locale.ROOT, value >= 10 ? "%.1f%s" : "%.2f%s", value, UNITS[unit]);
  }
}
