package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SizesTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0B",
    "1023, 1023B",
    "1024, 1.00KiB",
    "1536, 1.50KiB",
    "11534336, 11.0MiB",
    "209715200, 200MiB",
    "70578253824, 65.7GiB"
  })
  void threeDigits(long bytes, String expected) {
    assertEquals(expected, Sizes.text(bytes));
  }

  @Test
  void nobodyKnows() {
    assertEquals("<unknown>", Sizes.text(OptionalLong.empty()));
  }
}
