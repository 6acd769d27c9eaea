package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscException;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jboss.logging.Logger;

/**
 * Keeps the line to the controller open. The first call of a process connects, loads classes and
 * reads the node's fingerprint, which takes longer than a Pod may wait: so no Pod's question is the
 * first. Later a line that was idle for a minute would be closed.
 */
@ApplicationScoped
class ControllerLine {
  private static final Logger LOG = Logger.getLogger(ControllerLine.class);
  private static final Duration INTERVAL = Duration.ofSeconds(20);
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration FIRST_RETRY = Duration.ofMillis(200);
  private static final Duration LAST_RETRY = Duration.ofSeconds(5);

  private final RestorerConfig config;
  private final Runsc runsc;
  private final Fleet fleet;
  private final CountDownLatch opened = new CountDownLatch(1);
  private volatile boolean open;
  private Thread greeting;

  ControllerLine(
      RestorerConfig config, Runsc runsc, @GrpcClient("fleet") Fleet fleet, MeterRegistry metrics) {
    this.config = config;
    this.runsc = runsc;
    this.fleet = fleet;
    metrics.gauge("podsnapshot_controller_line_up", this, line -> line.open ? 1 : 0);
  }

  void start(@Observes StartupEvent event) {
    greeting = Thread.ofVirtual().name("controller-line").start(this::keepOpen);
  }

  void stop(@Observes ShutdownEvent event) {
    greeting.interrupt();
  }

  /** Whether the controller ever answered this process. */
  boolean wasOpen() {
    return opened.getCount() == 0;
  }

  private void keepOpen() {
    var retry = FIRST_RETRY;
    var told = "";
    while (!Thread.currentThread().isInterrupted()) {
      var pause = INTERVAL;
      var state = "open";
      try {
        fleet.greet(node()).await().atMost(PATIENCE);
        retry = FIRST_RETRY;
        open = true;
        opened.countDown();
      } catch (RunscException | RuntimeException e) {
        state = e.toString();
        open = false;
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

  /** How this node names itself. */
  NodeRef node() throws RunscException {
    return NodeRef.newBuilder()
        .setNode(config.node())
        .setFingerprint(runsc.fingerprint().wire())
        .build();
  }
}
