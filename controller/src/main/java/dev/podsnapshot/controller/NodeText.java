package dev.podsnapshot.controller;

/**
 * What a node wrote, fit for logs, conditions, events and metrics: a node may be anybody's, and
 * errors carry what a workload wrote. Pure.
 */
final class NodeText {
  /** An event's note may have 1,024 characters, and ours adds a sentence. */
  private static final int LINE = 800;

  private static final int WORD = 64;
  private static final String NO_WORD = "Unknown";

  private NodeText() {}

  /** One line of bounded length, without control characters. */
  static String line(String text) {
    var line = text.replaceAll("[\\p{Cntrl}\\u2028\\u2029]+", " ").strip();
    return line.length() <= LINE ? line : line.substring(0, LINE - 3) + "...";
  }

  /** A reason as conditions and metrics have it: one CamelCase word. */
  static String word(String text) {
    return text.length() <= WORD && text.matches("[A-Za-z][A-Za-z0-9]*") ? text : NO_WORD;
  }
}
