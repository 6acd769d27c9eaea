package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import io.fabric8.kubernetes.api.model.Condition;
import io.javaoperatorsdk.operator.processing.event.source.Cache;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.List;
import java.util.function.Function;

/**
 * How many objects are in each state, which is the reason of their condition Ready. Counted in a
 * reconciler's cache whenever somebody asks.
 */
final class StateGauges {
  private StateGauges() {}

  static <T> void register(
      MeterRegistry metrics,
      String name,
      List<String> states,
      Cache<T> cache,
      Function<T, List<Condition>> conditions) {
    for (var state : states) {
      metrics.gauge(
          name,
          Tags.of("state", state),
          cache,
          c -> c.list(o -> isIn(state, conditions.apply(o))).count());
    }
  }

  private static boolean isIn(String state, List<Condition> conditions) {
    return Conditions.find(conditions, Conditions.READY)
        .filter(ready -> state.equals(ready.getReason()))
        .isPresent();
  }
}
