package dev.podsnapshot.cli;

import java.util.Locale;
import java.util.Optional;

/** How a list is printed. */
enum ListFormat {
  WIDE,
  JSON,
  YAML;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Empty: it is a table. */
  Optional<Structured> structured() {
    return switch (this) {
      case WIDE -> Optional.empty();
      case JSON -> Optional.of(Structured.JSON);
      case YAML -> Optional.of(Structured.YAML);
    };
  }
}
