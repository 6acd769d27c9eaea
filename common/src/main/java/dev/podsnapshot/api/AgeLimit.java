package dev.podsnapshot.api;

import java.math.BigInteger;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * Ages as policies write them: a number with y, mo, d, h or min. A year has 365 days, a month 30.
 * What is longer than a century counts as a century.
 */
public final class AgeLimit {
  private static final Duration CENTURY = Duration.ofDays(36_500);
  private static final Pattern TEXT = Pattern.compile("^(\\d+)\\s*(y|mo|d|h|min)$");

  private AgeLimit() {}

  /**
   * @throws IllegalArgumentException with a text that lacks only the name of the field
   */
  public static Duration parse(String text) {
    var matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "%s is not a number with y, mo, d, h or min".formatted(text));
    }
    var unit =
        switch (matcher.group(2)) {
          case "y" -> Duration.ofDays(365);
          case "mo" -> Duration.ofDays(30);
          case "d" -> Duration.ofDays(1);
          case "h" -> Duration.ofHours(1);
          default -> Duration.ofMinutes(1);
        };
    var most = BigInteger.valueOf(CENTURY.dividedBy(unit));
    return unit.multipliedBy(new BigInteger(matcher.group(1)).min(most).longValueExact());
  }
}
