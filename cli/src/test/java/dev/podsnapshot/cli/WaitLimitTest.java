package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class WaitLimitTest {
  @ParameterizedTest
  @CsvSource({"90s, PT90S", "5m, PT5M", "1h30m, PT90M", "0s, PT0S"})
  void isWrittenLikeKubectls(String text, Duration expected) {
    assertEquals(expected, new WaitLimit().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "5min", "-1s", "1.5h", "m", "5 m"})
  void refusesAllElse(String text) {
    assertThrows(TypeConversionException.class, () -> new WaitLimit().convert(text));
  }
}
