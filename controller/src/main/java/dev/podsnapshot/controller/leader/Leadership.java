package dev.podsnapshot.controller.leader;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
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
  private static final int LOST = 3;

  private final KubernetesClient client;
  private final LeaderConfig config;
  private final Operator operator;
  private final ServiceAddress service;
  private final Event<Leading> leading;
  private final String identity;
  private CompletableFuture<?> election = new CompletableFuture<>();
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
    election =
        client
            .leaderElector()
            .withConfig(
                new LeaderElectionConfigBuilder()
                    .withName(config.lease())
                    .withLock(new LeaseLock(namespace, config.lease(), identity))
                    .withLeaseDuration(config.leaseDuration())
                    .withRenewDeadline(config.renewDeadline())
                    .withRetryPeriod(config.retryPeriod())
                    .withReleaseOnCancel(true)
                    .withLeaderCallbacks(
                        new LeaderCallbacks(
                            // Not on the thread that has the Lease to renew.
                            () -> Thread.ofPlatform().name("lead").start(this::lead),
                            this::lost,
                            who -> LOG.infof("phase=election leader=%s", who)))
                    .build())
            .build()
            .start();
  }

  /** Another may lead at once. */
  void stop(@Observes ShutdownEvent event) {
    stopping = true;
    if (leads) {
      service.withdraw();
      operator.stop();
    }
    election.cancel(true);
  }

  private void lead() {
    LOG.infof("phase=election %s leads", identity);
    leading.fire(new Leading());
    operator.start();
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
