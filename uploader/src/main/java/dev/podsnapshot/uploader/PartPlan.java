package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.ObjectStore;
import java.util.ArrayList;
import java.util.List;

/**
 * How a file becomes one object: a tree whose leaves are parts of the file and whose other nodes
 * are compositions of at most 32 nodes each. The root has the object's own name; a file of one part
 * is its root.
 */
record PartPlan(Node root, List<Node> parts) {
  private static final String PART = ".part-";

  /**
   * Bytes [offset, offset + bytes) of the file as an object.
   *
   * @param children empty: a part
   */
  record Node(String object, long offset, long bytes, List<Node> children) {
    boolean isPart() {
      return children.isEmpty();
    }
  }

  static PartPlan of(String target, long bytes, long partBytes) {
    if (bytes <= partBytes) {
      var only = new Node(target, 0, bytes, List.of());
      return new PartPlan(only, List.of(only));
    }
    var parts = new ArrayList<Node>();
    for (long offset = 0; offset < bytes; offset += partBytes) {
      parts.add(
          new Node(
              temporary(target, 0, parts.size()),
              offset,
              Math.min(partBytes, bytes - offset),
              List.of()));
    }
    List<Node> nodes = parts;
    for (var level = 1; nodes.size() > ObjectStore.MAX_COMPOSE_SOURCES; level++) {
      var joined = new ArrayList<Node>();
      for (var from = 0; from < nodes.size(); from += ObjectStore.MAX_COMPOSE_SOURCES) {
        var to = Math.min(from + ObjectStore.MAX_COMPOSE_SOURCES, nodes.size());
        // One alone needs no composition: it goes up as it is.
        joined.add(
            to - from == 1
                ? nodes.get(from)
                : join(temporary(target, level, joined.size()), nodes.subList(from, to)));
      }
      nodes = joined;
    }
    return new PartPlan(join(target, nodes), List.copyOf(parts));
  }

  /** In one piece, whatever its length. */
  static PartPlan single(String target, long bytes) {
    return of(target, bytes, Math.max(1, bytes));
  }

  /**
   * The length of parts that keeps every connection busy to the end: a share of the file for each,
   * in whole chunks, up to a maximum.
   */
  static long partBytes(long bytes, int connections, long max) {
    long chunk = SnapshotManifest.CHUNK_BYTES;
    var share = Math.ceilDiv(bytes, connections);
    return Math.clamp(Math.ceilDiv(share, chunk) * chunk, chunk, Math.max(chunk, max));
  }

  /** Whether an object is a part or a composition on the way to {@code target}. */
  static boolean isTemporary(String object, String target) {
    return object.startsWith(target + PART);
  }

  private static Node join(String object, List<Node> children) {
    return new Node(
        object,
        children.getFirst().offset(),
        children.stream().mapToLong(Node::bytes).sum(),
        List.copyOf(children));
  }

  private static String temporary(String target, int level, int index) {
    return "%s%s%d-%06d".formatted(target, PART, level, index);
  }
}
