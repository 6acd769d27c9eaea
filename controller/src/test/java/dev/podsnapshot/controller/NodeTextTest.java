package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** What a node wrote can't forge a log line, break an object or fill a metric. */
class NodeTextTest {
  @Test
  void textIsOneLine() {
    assertEquals(
        "runsc error: x 2026-01-01 INFO forged",
        NodeText.line("runsc error: x\r\n2026-01-01 INFO\u2028forged\u0000\n"));
  }

  @Test
  void textFitsIntoAnEvent() {
    assertEquals(800, NodeText.line("x".repeat(100_000)).length());
    assertTrue(NodeText.line("x".repeat(801)).endsWith("..."));
    assertEquals("", NodeText.line(""));
  }

  @Test
  void aReasonIsOneWord() {
    assertEquals("RestoreFailed", NodeText.word("RestoreFailed"));
    for (var bad : new String[] {"", "two words", "a\nb", "ä", "1st", "x".repeat(65)}) {
      assertEquals("Unknown", NodeText.word(bad));
    }
  }
}
