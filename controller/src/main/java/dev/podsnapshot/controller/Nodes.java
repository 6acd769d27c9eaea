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
import org.jboss.logging.Logger;

/**
 * Writes down on each Node what it can run, so that {@code explain} needs no agent, and lets Pods
 * onto it that were to wait for its agent.
 */
@ApplicationScoped
class Nodes {
  private static final Logger LOG = Logger.getLogger(Nodes.class);

  private final KubernetesClient client;
  private final ObjectMapper json;

  Nodes(KubernetesClient client, ObjectMapper json) {
    this.client = client;
    this.json = json;
  }

  void describe(String node, NodeFingerprint fingerprint) {
    try {
      var text = json.writeValueAsString(fingerprint);
      var found = client.nodes().withName(node).get();
      if (found == null
          || text.equals(
              found.getMetadata().getAnnotations().get(PodSnapshotApi.NODE_FINGERPRINT))) {
        return;
      }
      client
          .nodes()
          .withName(node)
          .edit(
              n -> {
                n.getMetadata().getAnnotations().put(PodSnapshotApi.NODE_FINGERPRINT, text);
                return n;
              });
    } catch (KubernetesClientException | JsonProcessingException e) {
      LOG.warnf("node=%s phase=connected its fingerprint is not written down: %s", node, e);
    }
  }

  /**
   * Takes the taint {@link PodSnapshotApi#AGENT_NOT_READY} off a node whose restorer has connected:
   * nodes that are registered with it get no Pod before that, which would start cold.
   */
  void agentReady(String node) {
    try {
      var found = client.nodes().withName(node).get();
      if (found == null || !waitsForAgent(found)) {
        return;
      }
      client
          .nodes()
          .withName(node)
          .edit(
              n -> {
                n.getSpec()
                    .getTaints()
                    .removeIf(t -> PodSnapshotApi.AGENT_NOT_READY.equals(t.getKey()));
                return n;
              });
      LOG.infof("node=%s phase=connected its startup taint is removed", node);
    } catch (KubernetesClientException e) {
      LOG.warnf("node=%s phase=connected its startup taint is not removed: %s", node, e);
      if (e.getCode() != HttpURLConnection.HTTP_FORBIDDEN) {
        throw e; // the node connects again
      }
    }
  }

  private static boolean waitsForAgent(Node node) {
    return node.getSpec().getTaints().stream()
        .anyMatch(t -> PodSnapshotApi.AGENT_NOT_READY.equals(t.getKey()));
  }
}
