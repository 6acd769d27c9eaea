package dev.podsnapshot.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jboss.logging.Logger;

/**
 * Writes down on each Node what it can run, so that {@code explain} needs no agent, and lets Pods
 * onto it that were to wait for its agent.
 */
@ApplicationScoped
class Nodes {
  private static final Logger LOG = Logger.getLogger(Nodes.class);

  private static final int ATTEMPTS = 8;
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(50);

  private final KubernetesClient client;
  private final ObjectMapper json;

  /** When a node was seen without its startup taint, by {@link System#nanoTime()}. */
  private final Map<String, Long> lookedAt = new ConcurrentHashMap<>();

  Nodes(KubernetesClient client, ObjectMapper json) {
    this.client = client;
    this.json = json;
  }

  void describe(String node, NodeFingerprint fingerprint) {
    try {
      var text = json.writeValueAsString(fingerprint);
      edit(
          node,
          n ->
              !text.equals(
                  n.getMetadata().getAnnotations().put(PodSnapshotApi.NODE_FINGERPRINT, text)));
    } catch (KubernetesClientException | JsonProcessingException e) {
      LOG.warnf("node=%s phase=connected its fingerprint is not written down: %s", node, e);
    }
  }

  /**
   * Takes the taint {@link PodSnapshotApi#AGENT_NOT_READY} off a node whose restorer is there:
   * nodes that are registered with it get no Pod before that, which would start cold. A node can be
   * registered anew while its agent runs, so it is looked at again now and then.
   */
  void agentReady(String node) {
    var now = System.nanoTime();
    var looked = lookedAt.get(node);
    if (looked != null && now - looked < LOOK_INTERVAL.toNanos()) {
      return;
    }
    try {
      var removed =
          edit(
              node,
              n ->
                  n.getSpec()
                      .getTaints()
                      .removeIf(t -> PodSnapshotApi.AGENT_NOT_READY.equals(t.getKey())));
      if (removed) {
        LOG.infof("node=%s phase=connected its startup taint is removed", node);
      }
      lookedAt.put(node, now);
    } catch (KubernetesClientException e) {
      LOG.warnf("node=%s phase=connected its startup taint is not removed: %s", node, e);
    }
  }

  /**
   * Kubelet writes Nodes often: a change that met another one is made again.
   *
   * @param change returns whether it changed anything
   */
  private boolean edit(String node, Predicate<Node> change) {
    for (var attempt = 1; ; attempt++) {
      try {
        var found = client.nodes().withName(node).get();
        if (found == null || !change.test(found)) {
          return false;
        }
        client
            .nodes()
            .withName(node)
            .edit(
                n -> {
                  change.test(n);
                  return n;
                });
        return true;
      } catch (KubernetesClientException e) {
        if (e.getCode() != HttpURLConnection.HTTP_CONFLICT || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }
}
