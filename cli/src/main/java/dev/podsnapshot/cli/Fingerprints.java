package dev.podsnapshot.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.matching.Gpu;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Node;
import java.util.HashSet;
import java.util.Optional;

/** What the controller wrote down on a Node of what it can run. */
final class Fingerprints {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Fingerprints() {}

  /** Empty if the node's agent never connected, or if what is written there can't be read. */
  static Optional<NodeFingerprint> of(Node node) {
    var annotations = node.getMetadata().getAnnotations();
    var text = annotations == null ? null : annotations.get(PodSnapshotApi.NODE_FINGERPRINT);
    if (text == null) {
      return Optional.empty();
    }
    try {
      var tree = JSON.readTree(text);
      var features = new HashSet<String>();
      tree.path("cpuFeatures").forEach(feature -> features.add(feature.asText()));
      return text(tree, "runscVersion").isEmpty()
          ? Optional.empty()
          : Optional.of(
              new NodeFingerprint(
                  text(tree, "runscVersion"),
                  text(tree, "platform"),
                  text(tree, "architecture"),
                  features,
                  new Gpu(text(tree.path("gpu"), "driver"), text(tree.path("gpu"), "model"))));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private static String text(JsonNode tree, String field) {
    return tree.path(field).asText("");
  }
}
