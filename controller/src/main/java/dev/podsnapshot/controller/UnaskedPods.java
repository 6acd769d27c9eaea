package dev.podsnapshot.controller;

import io.fabric8.kubernetes.api.model.Pod;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Tells the user of a Pod that a policy selects but whose node never asked about it: the restorer
 * was not running there, so the Pod started cold.
 */
@ApplicationScoped
class UnaskedPods implements PodInformer.PodListener {
  private static final Logger LOG = Logger.getLogger(UnaskedPods.class);

  private final Matches matches;
  private final PodNotices notices;
  private final MeterRegistry metrics;
  private final Instant since = Instant.now();
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  UnaskedPods(Matches matches, PodNotices notices, MeterRegistry metrics) {
    this.matches = matches;
    this.notices = notices;
    this.metrics = metrics;
  }

  @Override
  public void seen(Pod pod) {
    look(pod);
  }

  @Override
  public void gone(Pod pod) {
    told.remove(pod.getMetadata().getUid());
    matches.forget(pod.getMetadata().getUid());
  }

  private void look(Pod pod) {
    var uid = pod.getMetadata().getUid();
    if (!"gvisor".equals(pod.getSpec().getRuntimeClassName())
        || !"Running".equals(pod.getStatus().getPhase())
        || pod.getStatus().getStartTime() == null
        || Instant.parse(pod.getStatus().getStartTime()).isBefore(since)
        || matches.asked(uid)
        || !told.add(uid)) {
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              if (matches.selected(pod)) {
                LOG.warnf(
                    "pod=%s/%s node=%s phase=match reason=RestorerUnavailable",
                    pod.getMetadata().getNamespace(),
                    pod.getMetadata().getName(),
                    pod.getSpec().getNodeName());
                metrics
                    .counter(
                        "podsnapshot_restores_total",
                        "result",
                        "cold",
                        "reason",
                        "RestorerUnavailable")
                    .increment();
                notices.coldStart(
                    pod,
                    "RestorerUnavailable",
                    "the restorer of node %s did not ask for a snapshot: it is not running there, or"
                            .formatted(pod.getSpec().getNodeName())
                        + " did not answer the runtime in time");
              }
            });
  }
}
