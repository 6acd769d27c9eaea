package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.NodeRef;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * Keeps the line to the controller open. The first handshake of a process takes a second, which no
 * Pod should wait for; the client closes a line that was idle for a minute.
 */
@ApplicationScoped
class ControllerLine {
  private static final Logger LOG = Logger.getLogger(ControllerLine.class);
  private static final Duration INTERVAL = Duration.ofSeconds(20);
  private static final Duration FIRST_RETRY = Duration.ofMillis(200);
  private static final Duration LAST_RETRY = Duration.ofSeconds(5);

  private final Fleet fleet;
  private final NodeRef node;
  private Thread greeting;

  ControllerLine(RestorerConfig config, @GrpcClient("fleet") Fleet fleet) {
    this.fleet = fleet;
    this.node = NodeRef.newBuilder().setNode(config.node()).build();
  }

  void start(@Observes StartupEvent event) {
    greeting = Thread.ofVirtual().name("controller-line").start(this::keepOpen);
  }

  void stop(@Observes ShutdownEvent event) {
    greeting.interrupt();
  }

  private void keepOpen() {
    var retry = FIRST_RETRY;
    var told = "";
    while (!Thread.currentThread().isInterrupted()) {
      var pause = INTERVAL;
      var state = "open";
      try {
        fleet.greet(node).await().atMost(INTERVAL);
        retry = FIRST_RETRY;
      } catch (RuntimeException e) {
        state = e.toString();
        pause = retry;
        retry =
            retry.multipliedBy(2).compareTo(LAST_RETRY) < 0 ? retry.multipliedBy(2) : LAST_RETRY;
      }
      if (!state.equals(told)) {
        LOG.infof("phase=controller-line %s", state);
        told = state;
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
