package dev.podsnapshot.restorer;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/**
 * Ready when the controller has answered once: until then Pods on this node start cold. Where it
 * does not answer at all the agent counts as ready after a while, since nothing on the node is
 * amiss.
 */
@Readiness
@ApplicationScoped
class LineReadiness implements HealthCheck {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ControllerLine line;
  private final long begun = System.nanoTime();

  LineReadiness(ControllerLine line) {
    this.line = line;
  }

  @Override
  public HealthCheckResponse call() {
    var waited = System.nanoTime() - begun > PATIENCE.toNanos();
    return HealthCheckResponse.named("controller line")
        .status(line.wasOpen() || waited)
        .withData("answered", line.wasOpen())
        .build();
  }
}
