package dev.podsnapshot.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AgeLimitTest {
  @ParameterizedTest
  @CsvSource({
    "90min, PT90M",
    "99999999999999999999y, P36500D",
    "12h, PT12H",
    "7d, PT168H",
    "2 d, PT48H",
    "1mo, PT720H",
    "1y, PT8760H"
  })
  void hasTheUnitsOfPolicies(String text, Duration expected) {
    assertEquals(expected, AgeLimit.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "7", "d", "7m", "-1d", "1.5h", "7d ", "7D"})
  void refusesAllElse(String text) {
    assertThrows(IllegalArgumentException.class, () -> AgeLimit.parse(text));
  }

  @Test
  void tellsWhatItWants() {
    var e = assertThrows(IllegalArgumentException.class, () -> AgeLimit.parse("7m"));
    assertEquals("7m is not a number with y, mo, d, h or min", e.getMessage());
  }
}
