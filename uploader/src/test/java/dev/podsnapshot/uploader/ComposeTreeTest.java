package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.storage.StoredObject;
import dev.podsnapshot.uploader.PartPlan.Node;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ComposeTreeTest {
  /** Whatever the order in which parts arrive: each composition begins once, with all it needs. */
  @Test
  void compositionsBeginWhenTheirLastSourceArrives() {
    for (var seed = 0; seed < 20; seed++) {
      var plan = PartPlan.of("f", 1100 * 10, 10);
      var tree = new ComposeTree(plan);
      var arriving = new ArrayList<>(plan.parts());
      Collections.shuffle(arriving, new Random(seed));
      var stored = new HashSet<Node>();
      var begun = new HashSet<Node>();
      var early = 0;
      for (var part = 0; part < arriving.size(); part++) {
        Node node = arriving.get(part);
        while (node != null) {
          stored.add(node);
          var next = tree.stored(node, object(node));
          if (next.isPresent()) {
            assertTrue(begun.add(next.get()), "twice");
            assertTrue(stored.containsAll(next.get().children()));
            assertEquals(
                next.get().children().stream().map(ComposeTreeTest::object).toList(),
                tree.sources(next.get()));
            if (part < arriving.size() - 1) {
              early++;
            }
          }
          node = next.orElse(null);
        }
      }
      assertTrue(begun.contains(plan.root()));
      assertTrue(early > 0, "all compositions waited for the last part");
    }
  }

  private static StoredObject object(Node node) {
    return new StoredObject(node.object(), node.bytes(), 7, node.offset() + 1);
  }
}
