package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Deletes the snapshots that their policy keeps no longer; {@link Retention} says which. One that a
 * Pod is being restored from waits.
 */
@ApplicationScoped
class RetentionSweep {
  private static final Logger LOG = Logger.getLogger(RetentionSweep.class);
  private static final Duration IN_USE_RETRY = Duration.ofSeconds(5);

  private final KubernetesClient client;
  private final RestoresUnderWay restores;
  private final MeterRegistry metrics;

  RetentionSweep(KubernetesClient client, RestoresUnderWay restores, MeterRegistry metrics) {
    this.client = client;
    this.restores = restores;
    this.metrics = metrics;
  }

  /** Returns after how long to look again; empty: not before something changes. */
  Optional<Duration> sweep(PodSnapshotPolicySpec policy, Collection<PodSnapshot> snapshots) {
    var next = Optional.<Duration>empty();
    for (var snapshot : Retention.crowdedOut(policy, snapshots)) {
      if (!end(snapshot, "RetentionGroupLimit")) {
        next = earlier(next, IN_USE_RETRY);
      }
    }
    for (var snapshot : snapshots) {
      var expiry =
          snapshot.getMetadata().getDeletionTimestamp() == null
              ? Retention.expiry(snapshot, policy)
              : Optional.<Instant>empty();
      if (expiry.isPresent()) {
        var left = Duration.between(Instant.now(), expiry.get());
        if (left.isPositive()) {
          next = earlier(next, left.plusSeconds(1));
        } else if (!end(snapshot, "RetentionLastAccess")) {
          next = earlier(next, IN_USE_RETRY);
        }
      }
    }
    return next;
  }

  private static Optional<Duration> earlier(Optional<Duration> a, Duration b) {
    return Optional.of(a.filter(d -> d.compareTo(b) < 0).orElse(b));
  }

  /** Returns false while a Pod is being restored from it. */
  private boolean end(PodSnapshot snapshot, String reason) {
    var meta = snapshot.getMetadata();
    if (restores.of(meta.getNamespace(), meta.getName())) {
      return false;
    }
    LOG.infof(
        "snapshot=%s/%s phase=retention reason=%s", meta.getNamespace(), meta.getName(), reason);
    metrics.counter("podsnapshot_retention_deletions_total", "reason", reason).increment();
    client.resource(snapshot).delete();
    return true;
  }
}
