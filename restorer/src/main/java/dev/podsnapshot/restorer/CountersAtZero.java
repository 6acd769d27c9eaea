package dev.podsnapshot.restorer;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;
import java.util.stream.Stream;

/**
 * What counts rare things is there from the start: Prometheus sees no increase in a series that
 * begins at one.
 */
@ApplicationScoped
class CountersAtZero {
  private static final List<String> REASONS_OF_STAGING =
      List.of(
          "SnapshotMissing",
          StagingException.DAMAGED,
          StagingException.UNAVAILABLE,
          "PermissionDenied",
          "StagingFailed",
          "CacheFull");

  void register(@Observes StartupEvent start, MeterRegistry metrics) {
    for (var verb : List.of("create", "start", "files", "restored", "stopping", "failed")) {
      metrics.timer("podsnapshot_hook", "verb", verb);
      metrics.counter("podsnapshot_hook_failures_total", "verb", verb);
    }
    metrics.counter("podsnapshot_on_delete_failures_total");
    metrics.counter("podsnapshot_node_restores_total", "result", "restored", "reason", "");
    Stream.concat(
            REASONS_OF_STAGING.stream(),
            Stream.of("StagingTimeout", "RestoreFailed", "RestoreIncomplete"))
        .forEach(
            reason ->
                metrics.counter(
                    "podsnapshot_node_restores_total", "result", "cold", "reason", reason));
    metrics.counter("podsnapshot_node_staged_total");
    for (var phase : Timeline.Phase.values()) {
      metrics.timer("podsnapshot_restore", "phase", phase.label());
    }
    metrics.counter("podsnapshot_bindings_total");
    metrics.timer("podsnapshot_stage");
    metrics.counter("podsnapshot_stage_bytes_total");
    metrics.counter("podsnapshot_stage_recovered_bytes_total");
    for (var reason : REASONS_OF_STAGING) {
      metrics.counter("podsnapshot_stage_failures_total", "reason", reason);
    }
    for (var reason : List.of(StagingException.DAMAGED, StagingException.UNAVAILABLE)) {
      metrics.counter("podsnapshot_stage_retries_total", "reason", reason);
    }
    for (var result : List.of("won", "lost")) {
      metrics.counter("podsnapshot_stage_hedges_total", "result", result);
    }
    metrics.counter("podsnapshot_cache_hits_total");
    metrics.counter("podsnapshot_cache_evictions_total");
  }
}
