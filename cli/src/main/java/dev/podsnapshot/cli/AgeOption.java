package dev.podsnapshot.cli;

import dev.podsnapshot.api.AgeLimit;
import java.time.Duration;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An age, written as a policy's retention takes it. */
final class AgeOption implements ITypeConverter<Duration> {
  @Override
  public Duration convert(String text) {
    try {
      return AgeLimit.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage() + "; write it like 90min, 12h, 30d or 1y");
    }
  }
}
