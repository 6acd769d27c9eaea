package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.MatchRequest;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscException;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Asks the controller about no Pod at all as soon as this service starts. The first call of a
 * process connects, loads classes and reads the node's fingerprint, which takes longer than a Pod
 * may wait: so no Pod's question is the first.
 */
@ApplicationScoped
class FirstQuestion {
  private static final Logger LOG = Logger.getLogger(FirstQuestion.class);

  private final RestorerConfig config;
  private final Runsc runsc;
  private final Fleet fleet;

  FirstQuestion(RestorerConfig config, Runsc runsc, @GrpcClient("fleet") Fleet fleet) {
    this.config = config;
    this.runsc = runsc;
    this.fleet = fleet;
  }

  void ask(@Observes StartupEvent start) {
    Thread.ofVirtual().name("first-question").start(this::ask);
  }

  private void ask() {
    try {
      fleet
          .match(
              MatchRequest.newBuilder()
                  .setNode(config.node())
                  .setFingerprint(runsc.fingerprint().wire())
                  .build())
          .onFailure()
          .retry()
          .withBackOff(Duration.ofMillis(500), Duration.ofSeconds(5))
          .expireIn(Duration.ofMinutes(2).toMillis())
          .await()
          .indefinitely();
      LOG.infof("phase=connected the controller answers");
    } catch (RunscException | RuntimeException e) {
      LOG.warnf("phase=connected the controller does not answer: %s", e.toString());
    }
  }
}
