package dev.podsnapshot.uploader;

import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;

/**
 * What counts rare things is there from the start: Prometheus sees no increase in a series that
 * begins at one.
 */
@ApplicationScoped
class CountersAtZero {
  void register(@Observes StartupEvent start, MeterRegistry metrics) {
    for (var parallel : List.of("true", "false")) {
      metrics.timer("podsnapshot_upload", "parallel", parallel);
    }
    for (var phase : List.of("look", "send", "manifest", "clean")) {
      metrics.timer("podsnapshot_upload_phase", "phase", phase);
    }
    metrics.counter("podsnapshot_upload_bytes_total");
    metrics.counter("podsnapshot_upload_resumed_bytes_total");
    metrics.counter("podsnapshot_upload_retries_total");
    for (var code :
        List.of(
            Status.Code.NOT_FOUND,
            Status.Code.PERMISSION_DENIED,
            Status.Code.FAILED_PRECONDITION,
            Status.Code.DATA_LOSS,
            Status.Code.UNAVAILABLE,
            Status.Code.INTERNAL,
            Status.Code.ABORTED)) {
      metrics.counter("podsnapshot_upload_failures_total", "reason", code.name());
    }
    metrics.counter("podsnapshot_orphans_total");
    metrics.counter("podsnapshot_removal_failures_total");
  }
}
