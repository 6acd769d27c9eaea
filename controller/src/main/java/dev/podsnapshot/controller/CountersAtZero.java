package dev.podsnapshot.controller;

import dev.podsnapshot.matching.Decision;
import io.javaoperatorsdk.operator.monitoring.micrometer.MicrometerMetricsV2;
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
  /** What nodes report, and {@link UnaskedPods}; others are counted when they come. */
  private static final List<String> REASONS_OF_NODES =
      List.of(
          "ControllerUnavailable",
          "RestorerUnavailable",
          "SnapshotMissing",
          "SnapshotDamaged",
          "StoreUnavailable",
          "PermissionDenied",
          "BucketTokenFailed",
          "StagingTimeout",
          "StagingFailed",
          "CacheFull",
          "RestoreFailed",
          "RestoreIncomplete");

  private static final List<String> REFUSALS =
      List.of(
          "no_token",
          "bad_token",
          "other_audience",
          "other_account",
          "no_node",
          "review_failed",
          "bad_name",
          "foreign_node",
          "foreign_pod",
          "foreign_snapshot",
          "foreign_files");

  void register(@Observes StartupEvent start, MeterRegistry metrics) {
    metrics.counter("podsnapshot_matches_total", "result", "restore", "reason", "");
    for (var reason : Decision.Reason.values()) {
      metrics.counter("podsnapshot_matches_total", "result", "cold", "reason", reason.text());
    }
    metrics.counter("podsnapshot_restores_total", "result", "restored", "reason", "");
    for (var reason : REASONS_OF_NODES) {
      metrics.counter("podsnapshot_restores_total", "result", "cold", "reason", reason);
    }
    for (var result : List.of("succeeded", "retried", "failed")) {
      metrics.counter("podsnapshot_checkpoints_total", "result", result);
    }
    for (var result : List.of("succeeded", "failed")) {
      metrics.counter("podsnapshot_replications_total", "result", result);
    }
    for (var result : List.of("obtained", "failed")) {
      metrics.counter("podsnapshot_bucket_tokens_total", "result", result);
    }
    metrics.counter("podsnapshot_checkpoint_deadlines_total");
    metrics.counter("podsnapshot_deletion_failures_total");
    for (var reason : List.of("RetentionGroupLimit", "RetentionLastAccess")) {
      metrics.counter("podsnapshot_retention_deletions_total", "reason", reason);
    }
    for (var reason : REFUSALS) {
      metrics.counter("podsnapshot_rejected_calls_total", "reason", reason);
    }
    for (var reconciler : List.of("snapshot", "policy", "storageconfig", "manualtrigger")) {
      metrics.counter(MicrometerMetricsV2.RECONCILIATIONS_FAILED, "controller.name", reconciler);
    }
  }
}
