package dev.podsnapshot.uploader;

import dev.podsnapshot.storage.StoredObject;
import dev.podsnapshot.uploader.PartPlan.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which nodes of a {@link PartPlan} are stored, and which composition can begin: each as soon as
 * its last source is there, in whatever order the parts arrive.
 */
final class ComposeTree {
  private final Map<Node, Node> parents = new HashMap<>();
  private final Map<Node, StoredObject> stored = new HashMap<>();

  ComposeTree(PartPlan plan) {
    register(plan.root());
  }

  private void register(Node node) {
    for (var child : node.children()) {
      parents.put(child, node);
      register(child);
    }
  }

  /** Returns the composition that nothing is missing for any more, if there is one now. */
  synchronized Optional<Node> stored(Node node, StoredObject object) {
    stored.put(node, object);
    return Optional.ofNullable(parents.get(node))
        .filter(parent -> stored.keySet().containsAll(parent.children()));
  }

  /** What a composition is made of. */
  synchronized List<StoredObject> sources(Node composition) {
    return composition.children().stream().map(stored::get).toList();
  }
}
