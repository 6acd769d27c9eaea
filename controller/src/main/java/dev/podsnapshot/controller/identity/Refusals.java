package dev.podsnapshot.controller.identity;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.jboss.logging.Logger;

/** Tells of every call that was refused. */
@ApplicationScoped
public class Refusals {
  private static final Logger LOG = Logger.getLogger(Refusals.class);

  private final MeterRegistry metrics;

  public Refusals(MeterRegistry metrics) {
    this.metrics = metrics;
  }

  /** The status that ends the call. */
  Status tell(Refusal refusal, String caller) {
    metrics.counter("podsnapshot_rejected_calls_total", "reason", refusal.reason()).increment();
    LOG.warnf("phase=refused caller=%s reason=%s: %s", caller, refusal.reason(), refusal.text());
    return refusal.status();
  }

  /**
   * @throws StatusRuntimeException if there is a refusal
   */
  public void require(NodeAuthority caller, Optional<Refusal> refusal) {
    if (refusal.isPresent()) {
      throw tell(refusal.get(), caller.node()).asRuntimeException();
    }
  }
}
