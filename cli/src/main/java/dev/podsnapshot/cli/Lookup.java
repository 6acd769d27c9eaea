package dev.podsnapshot.cli;

import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/** What came of looking for something in the cluster. */
sealed interface Lookup<T> {

  record Found<T>(T object) implements Lookup<T> {}

  record Missing<T>() implements Lookup<T> {}

  /** It may be there, but this user may not see it, or it could not be read. */
  record Refused<T>(String why) implements Lookup<T> {}

  static <T> Lookup<T> of(T value) {
    return value == null ? new Missing<>() : new Found<>(value);
  }

  default Optional<T> value() {
    return this instanceof Found<T> found ? Optional.of(found.object()) : Optional.empty();
  }

  default <R> R fold(Function<T, R> found, Supplier<R> missing, Function<String, R> refused) {
    return switch (this) {
      case Found<T> f -> found.apply(f.object());
      case Missing<T> m -> missing.get();
      case Refused<T> r -> refused.apply(r.why());
    };
  }
}
