package dev.podsnapshot.cli;

import java.time.Duration;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How long to wait, written as kubectl takes it: {@code 90s}, {@code 5m}, {@code 1h30m}. */
final class WaitLimit implements ITypeConverter<Duration> {
  private static final Pattern WHOLE = Pattern.compile("(\\d{1,6}[hms])+");
  private static final Pattern PART = Pattern.compile("(\\d+)([hms])");

  @Override
  public Duration convert(String text) {
    if (!WHOLE.matcher(text).matches()) {
      throw new TypeConversionException(
          "'%s' is not a duration; write it like 90s, 5m or 1h30m".formatted(text));
    }
    return PART.matcher(text)
        .results()
        .map(
            part -> {
              var count = Long.parseLong(part.group(1));
              return switch (part.group(2)) {
                case "h" -> Duration.ofHours(count);
                case "m" -> Duration.ofMinutes(count);
                default -> Duration.ofSeconds(count);
              };
            })
        .reduce(Duration.ZERO, Duration::plus);
  }
}
