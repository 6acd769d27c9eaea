package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columnsAreAsWideAsTheirWidestCell() {
    var table =
        new Table(
            List.of("NAME", "AGE"), List.of(List.of("a", "5m"), List.of("longer-name", "12h")));
    assertEquals(
        """
        NAME          AGE
        a             5m
        longer-name   12h""",
        table.text());
  }

  @Test
  void aLineBreakInACellDoesNotBreakTheTable() {
    var table = new Table(List.of("WHY", "X"), List.of(List.of("first\n  second", "y")));
    assertEquals("first second   y", table.text().lines().skip(1).findFirst().orElseThrow());
    assertEquals(2, table.text().lines().count());
  }

  @Test
  void withoutRowsThereIsTheHeader() {
    assertEquals("NAME   AGE", new Table(List.of("NAME", "AGE"), List.of()).text());
  }
}
