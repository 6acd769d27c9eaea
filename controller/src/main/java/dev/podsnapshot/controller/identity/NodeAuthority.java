package dev.podsnapshot.controller.identity;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.SnapshotRef;
import io.fabric8.kubernetes.api.model.Pod;
import io.grpc.Context;
import io.grpc.Status.Code;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a node may say: only what concerns itself, the Pods that are bound to it and the snapshots
 * that were ordered of it. Pure.
 *
 * @param node its name, proven by its token
 */
public record NodeAuthority(String node) {
  static final Context.Key<NodeAuthority> CALLER = Context.key("node");

  /** DNS subdomains (RFC 1123), as names of Pods and PodSnapshots are; namespaces are narrower. */
  private static final Pattern NAME =
      Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

  private static final int NAME_LENGTH = 253;

  /**
   * Who made the call that this thread serves.
   *
   * @throws IllegalStateException if it was not authenticated, which no call of the server is
   */
  public static NodeAuthority caller() {
    var caller = CALLER.get();
    if (caller == null) {
      throw new IllegalStateException("the call was not authenticated");
    }
    return caller;
  }

  /** Speaking as a node. */
  public Optional<Refusal> as(String claimed) {
    return node.equals(claimed)
        ? Optional.empty()
        : denied("foreign_node", "node %s can't speak as node %s".formatted(node, claimed));
  }

  /** Speaking for a Pod that exists. */
  public Optional<Refusal> over(Pod pod) {
    return node.equals(pod.getSpec().getNodeName())
        ? Optional.empty()
        : denied(
            "foreign_pod",
            "Pod %s/%s is not bound to node %s"
                .formatted(pod.getMetadata().getNamespace(), pod.getMetadata().getName(), node));
  }

  /** Telling what became of a snapshot. */
  public Optional<Refusal> over(PodSnapshot snapshot) {
    var meta = snapshot.getMetadata();
    var origin =
        meta.getAnnotations() == null
            ? null
            : meta.getAnnotations().get(PodSnapshotApi.ORIGIN_NODE);
    return node.equals(origin)
        ? Optional.empty()
        : denied(
            "foreign_snapshot",
            "PodSnapshot %s/%s is not taken on node %s"
                .formatted(meta.getNamespace(), meta.getName(), node));
  }

  /** Reading a snapshot for a Pod: of its own namespace only. */
  public Optional<Refusal> restoring(PodRef pod, SnapshotRef snapshot) {
    return pod.getNamespace().equals(snapshot.getNamespace())
        ? Optional.empty()
        : denied(
            "foreign_snapshot",
            "PodSnapshot %s/%s is of another namespace than Pod %s/%s"
                .formatted(
                    snapshot.getNamespace(),
                    snapshot.getName(),
                    pod.getNamespace(),
                    pod.getName()));
  }

  /** Having the files of a snapshot that exists nowhere any more deleted: its own folder only. */
  public Optional<Refusal> discarding(SnapshotRef snapshot, Location location) {
    var prefix = location.getPrefix();
    var folder = snapshot.getName() + "/";
    return prefix.equals(folder) || prefix.endsWith("/" + folder)
        ? Optional.empty()
        : denied(
            "foreign_files",
            "%s is not the folder of snapshot %s".formatted(prefix, snapshot.getName()));
  }

  /** Naming an object: names become parts of addresses. */
  public static Optional<Refusal> naming(String namespace, String name) {
    return isName(namespace) && isName(name)
        ? Optional.empty()
        : Optional.of(
            new Refusal(
                Code.INVALID_ARGUMENT, "bad_name", "not the names of a namespace and an object"));
  }

  private static boolean isName(String name) {
    return name.length() <= NAME_LENGTH && NAME.matcher(name).matches();
  }

  private static Optional<Refusal> denied(String reason, String text) {
    return Optional.of(new Refusal(Code.PERMISSION_DENIED, reason, text));
  }
}
