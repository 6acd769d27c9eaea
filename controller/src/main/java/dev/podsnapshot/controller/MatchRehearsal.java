package dev.podsnapshot.controller;

import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * Goes through the choice of a snapshot once for a Pod that does not exist, at start: the first
 * choice of a process loads classes for longer than a Pod may wait, so no Pod's is the first.
 */
@ApplicationScoped
class MatchRehearsal {
  private static final Logger LOG = Logger.getLogger(MatchRehearsal.class);
  private static final NodeFingerprint NODE = new NodeFingerprint("", "", "", Set.of());

  private final Matches matches;

  MatchRehearsal(Matches matches) {
    this.matches = matches;
  }

  void rehearse(@Observes StartupEvent start) {
    Thread.ofVirtual()
        .name("match-rehearsal")
        .start(
            () -> {
              try {
                matches.rehearse(pod(), NODE);
              } catch (KubernetesClientException e) {
                LOG.warnf("phase=rehearsal: %s", e.getMessage());
              }
            });
  }

  private static Pod pod() {
    return new PodBuilder()
        .withNewMetadata()
        .withName("rehearsal")
        .withNamespace("default")
        .withUid("rehearsal")
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .withName("rehearsal")
        .withImage("rehearsal")
        .endContainer()
        .endSpec()
        .build();
  }
}
