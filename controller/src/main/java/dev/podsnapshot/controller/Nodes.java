package dev.podsnapshot.controller;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/** Writes down on each Node what it can run, so that {@code explain} needs no agent. */
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
}
