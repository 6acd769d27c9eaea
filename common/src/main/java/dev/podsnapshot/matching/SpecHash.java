package dev.podsnapshot.matching;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.fabric8.kubernetes.api.model.PodSpec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/**
 * The hash of a Pod's distilled specification: what must be identical for a whole-pod snapshot to
 * be restored. Field list: GKE's concept page and what gVisor compares at restore
 * (runsc/specutils/restore.go). Left out: env, Pod name, labels, nodeSelector, probes and all that
 * does not reach the sandbox. Versioned, so that a change of the list can't match old snapshots by
 * accident. Resources are left out: gVisor only warns when they differ.
 */
public final class SpecHash {
  public static final String VERSION = "v1";

  private static final List<String> POD_FIELDS =
      List.of(
          "runtimeClassName",
          "hostNetwork",
          "hostPID",
          "hostIPC",
          "shareProcessNamespace",
          "securityContext");

  private static final List<String> CONTAINER_FIELDS =
      List.of(
          "name",
          "image",
          "command",
          "args",
          "workingDir",
          "ports",
          "restartPolicy",
          "volumeDevices",
          "lifecycle",
          "terminationMessagePath",
          "terminationMessagePolicy",
          "securityContext",
          "stdin",
          "stdinOnce",
          "tty");

  private static final List<String> MOUNT_FIELDS =
      List.of(
          "name",
          "readOnly",
          "recursiveReadOnly",
          "mountPath",
          "subPath",
          "mountPropagation",
          "subPathExpr");

  private static final ObjectMapper JSON =
      new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

  private SpecHash() {}

  /** {@code v1-} and 40 hex digits: fits a label. */
  public static String of(PodSpec spec) {
    try {
      var sha = MessageDigest.getInstance("SHA-256");
      var digest = sha.digest(distil(spec).getBytes(StandardCharsets.UTF_8));
      return VERSION + "-" + HexFormat.of().formatHex(digest, 0, 20);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The text that is hashed: canonical JSON, keys in order, absent and empty values left out. */
  public static String distil(PodSpec spec) {
    var pod = (ObjectNode) JSON.valueToTree(spec);
    var out = pick(pod, POD_FIELDS);
    out.set("volumes", volumes(pod));
    out.set("initContainers", containers(pod, "initContainers"));
    out.set("containers", containers(pod, "containers"));
    try {
      return JSON.writeValueAsString(canonical(out));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values is always writable", e);
    }
  }

  private static ArrayNode volumes(ObjectNode pod) {
    var result = new ArrayList<JsonNode>();
    for (var volume : pod.path("volumes")) {
      var copy = (ObjectNode) volume.deepCopy();
      copy.put("name", stableName(copy.path("name").asText()));
      result.add(copy);
    }
    return sorted(result, "name");
  }

  private static ArrayNode containers(ObjectNode pod, String field) {
    var result = JSON.createArrayNode();
    for (var container : pod.path(field)) {
      var out = pick(container, CONTAINER_FIELDS);
      var mounts = new ArrayList<JsonNode>();
      for (var mount : container.path("volumeMounts")) {
        var copy = pick(mount, MOUNT_FIELDS);
        copy.put("name", stableName(copy.path("name").asText()));
        mounts.add(copy);
      }
      out.set("volumeMounts", sorted(mounts, "mountPath"));
      result.add(out);
    }
    return result;
  }

  /**
   * The API server gives the volume of the ServiceAccount token a new random suffix in each Pod.
   */
  private static String stableName(String name) {
    return name.startsWith("kube-api-access-") ? "kube-api-access" : name;
  }

  private static ObjectNode pick(JsonNode from, List<String> fields) {
    var out = JSON.createObjectNode();
    fields.stream().filter(from::has).forEach(f -> out.set(f, from.get(f)));
    return out;
  }

  private static ArrayNode sorted(List<JsonNode> nodes, String key) {
    nodes.sort(Comparator.comparing(n -> n.path(key).asText()));
    return JSON.createArrayNode().addAll(nodes);
  }

  private static JsonNode canonical(JsonNode node) {
    if (node instanceof ObjectNode object) {
      var fields = new TreeMap<String, JsonNode>();
      for (var field : object.properties()) {
        var value = canonical(field.getValue());
        if (!value.isNull() && !(value.isContainerNode() && value.isEmpty())) {
          fields.put(field.getKey(), value);
        }
      }
      var out = JSON.createObjectNode();
      fields.forEach(out::set);
      return out;
    }
    if (node instanceof ArrayNode array) {
      var out = JSON.createArrayNode();
      array.forEach(item -> out.add(canonical(item)));
      return out;
    }
    return node;
  }
}
