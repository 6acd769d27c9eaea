package dev.podsnapshot.controller.leader;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import io.javaoperatorsdk.operator.Operator;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/**
 * Leads as long as it holds the Lease. A leader that loses it ends its process: whatever it was
 * about to do, another does by now.
 */
@ApplicationScoped
class Leadership {
  private static final Logger LOG = Logger.getLogger(Leadership.class);

  /** After everything else that starts. */
  private static final int LAST = 10_000;

  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final int CALL_MILLIS = 3_000;
  private static final int LOST = 3;

  private final KubernetesClient client;
  private final LeaderConfig config;
  private final Operator operator;
  private final ServiceAddress service;
  private final Event<Leading> leading;
  private final String identity;
  private CompletableFuture<?> election = new CompletableFuture<>();
  private KubernetesClient elections;
  private LeaderElector elector;
  private volatile boolean stopping;
  private volatile boolean leads;

  Leadership(
      KubernetesClient client,
      LeaderConfig config,
      Operator operator,
      ServiceAddress service,
      Event<Leading> leading,
      MeterRegistry metrics) {
    this.client = client;
    this.config = config;
    this.operator = operator;
    this.service = service;
    this.leading = leading;
    this.identity = config.pod().orElseGet(() -> UUID.randomUUID().toString());
    metrics.gauge("podsnapshot_leader", this, l -> l.leads ? 1 : 0);
  }

  void start(@Observes @Priority(LAST) StartupEvent event) {
    var namespace = Optional.ofNullable(client.getNamespace()).orElse("default");
    elections = impatient();
    elector =
        elections
            .leaderElector()
            .withConfig(
                new LeaderElectionConfigBuilder()
                    .withName(config.lease())
                    .withLock(new LeaseLock(namespace, config.lease(), identity))
                    .withLeaseDuration(config.leaseDuration())
                    .withRenewDeadline(config.renewDeadline())
                    .withRetryPeriod(config.retryPeriod())
                    .withReleaseOnCancel(false) // who lost it has no time for that
                    .withLeaderCallbacks(
                        new LeaderCallbacks(
                            // Not on the thread that has the Lease to renew.
                            () -> Thread.ofPlatform().name("lead").start(this::lead),
                            this::lost,
                            who -> LOG.infof("phase=election leader=%s", who)))
                    .build())
            .build();
    election = elector.start();
  }

  /**
   * A client that tells at once that the API server can't be had: while one call is tried again and
   * again, the Lease runs out, and nobody looks at the clock.
   */
  private KubernetesClient impatient() {
    return new KubernetesClientBuilder()
        .withConfig(
            new ConfigBuilder(client.getConfiguration())
                .withRequestRetryBackoffLimit(0)
                .withRequestTimeout(CALL_MILLIS)
                .withConnectionTimeout(CALL_MILLIS)
                .build())
        .build();
  }

  /** Another may lead at once. */
  void stop(@Observes ShutdownEvent event) {
    stopping = true;
    if (leads) {
      service.withdraw();
      operator.stop();
    }
    election.cancel(true);
    try {
      elector.release();
    } catch (KubernetesClientException e) {
      LOG.warnf("phase=election the Lease is not given back: %s", e.getMessage());
    }
    elections.close();
  }

  /** A leader that can't act must not keep the Lease. */
  private void lead() {
    LOG.infof("phase=election %s leads", identity);
    try {
      leading.fire(new Leading());
      operator.start();
    } catch (RuntimeException | Error e) {
      LOG.fatalf(e, "phase=election %s can't act, and ends", identity);
      Runtime.getRuntime().halt(LOST);
    }
    leads = true;
    while (!stopping) {
      try {
        service.lead(); // last: who asks is answered
        return;
      } catch (KubernetesClientException e) {
        LOG.warnf("phase=election the Service does not lead here yet: %s", e.getMessage());
      }
      try {
        Thread.sleep(RETRY);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void lost() {
    if (!stopping) {
      LOG.fatalf("phase=election %s lost the Lease %s and ends", identity, config.lease());
      Runtime.getRuntime().halt(LOST);
    }
  }
}
