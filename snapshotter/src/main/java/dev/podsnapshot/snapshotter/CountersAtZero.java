package dev.podsnapshot.snapshotter;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * What counts rare things is there from the start: Prometheus sees no increase in a series that
 * begins at one.
 */
@ApplicationScoped
class CountersAtZero {
  void register(@Observes StartupEvent start, MeterRegistry metrics) {
    metrics.timer("podsnapshot_checkpoint");
    metrics.timer("podsnapshot_freeze");
    metrics.counter("podsnapshot_checkpoint_bytes_total");
    metrics.counter("podsnapshot_checkpoint_failures_total");
  }
}
