package dev.podsnapshot.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Crc32cTest {
  @Test
  void theStandardsExample() {
    var digits = ByteBuffer.wrap("123456789".getBytes(StandardCharsets.US_ASCII));
    assertEquals(0xE3069283, Crc32c.of(digits));
    assertEquals(9, digits.remaining());
  }

  @Test
  void combinedIsThatOfTheWholeWhereverItIsCut() {
    var bytes = new byte[70_001];
    new Random(1).nextBytes(bytes);
    var whole = Crc32c.of(ByteBuffer.wrap(bytes));
    for (var cut : new int[] {0, 1, 2, 3, 255, 256, 65_536, 70_000, 70_001}) {
      var first = Crc32c.of(ByteBuffer.wrap(bytes, 0, cut));
      var second = Crc32c.of(ByteBuffer.wrap(bytes, cut, bytes.length - cut));
      assertEquals(whole, Crc32c.combine(first, second, bytes.length - cut), "cut at " + cut);
    }
  }

  /** Lengths beyond an int: a gibibyte of zeros eight times over, in two ways. */
  @Test
  void combinesLongStrings() {
    var one = Crc32c.of(ByteBuffer.wrap(new byte[1 << 20]));
    var doubled = one;
    for (long bytes = 1 << 20; bytes < 8L << 30; bytes *= 2) {
      doubled = Crc32c.combine(doubled, doubled, bytes);
    }
    var added = one;
    for (var megabyte = 1; megabyte < 8 << 10; megabyte++) {
      added = Crc32c.combine(added, one, 1 << 20);
    }
    assertEquals(doubled, added);
  }
}
