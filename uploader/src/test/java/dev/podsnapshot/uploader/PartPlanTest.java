package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.uploader.PartPlan.Node;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartPlanTest {
  private static final long MIB = 1 << 20;

  @Test
  void aSmallFileIsOneObject() {
    assertEquals(new Node("f", 0, 10, List.of()), PartPlan.of("f", 10, 10).root());
    assertEquals(List.of(new Node("f", 0, 0, List.of())), PartPlan.of("f", 0, 10).parts());
    assertEquals(0, PartPlan.single("f", 0).root().bytes());
    assertEquals(1, PartPlan.single("f", 1L << 40).parts().size());
  }

  @Test
  void everyTreeIsTheWholeFileInOrder() {
    for (var parts : new int[] {2, 31, 32, 33, 34, 64, 1024, 1025, 1057, 2104}) {
      var bytes = parts * 10L - 3;
      var plan = PartPlan.of("f", bytes, 10);
      assertEquals(parts, plan.parts().size());
      assertEquals("f", plan.root().object());
      var leaves = new ArrayList<Node>();
      var names = new HashSet<String>();
      walk(plan.root(), leaves, names);
      assertEquals(plan.parts(), leaves);
      assertEquals(bytes, plan.root().bytes());
      names.remove("f");
      names.forEach(name -> assertTrue(PartPlan.isTemporary(name, "f"), name));
    }
  }

  private static void walk(Node node, List<Node> leaves, HashSet<String> names) {
    assertTrue(names.add(node.object()), "twice: " + node.object());
    if (node.isPart()) {
      leaves.add(node);
      return;
    }
    assertTrue(node.children().size() > 1, "a composition of one: " + node.object());
    assertTrue(node.children().size() <= ObjectStore.MAX_COMPOSE_SOURCES);
    var at = node.offset();
    for (var child : node.children()) {
      assertEquals(at, child.offset());
      at += child.bytes();
      walk(child, leaves, names);
    }
    assertEquals(node.offset() + node.bytes(), at);
  }

  @Test
  void partsAreSharesInWholeChunks() {
    assertEquals(8 * MIB, PartPlan.partBytes(0, 32, 32 * MIB));
    assertEquals(8 * MIB, PartPlan.partBytes(64 * MIB, 32, 32 * MIB));
    assertEquals(8 * MIB, PartPlan.partBytes(256 * MIB, 32, 32 * MIB));
    assertEquals(16 * MIB, PartPlan.partBytes(257 * MIB, 32, 32 * MIB));
    assertEquals(32 * MIB, PartPlan.partBytes(1024 * MIB, 32, 32 * MIB));
    assertEquals(32 * MIB, PartPlan.partBytes(65_000 * MIB, 32, 32 * MIB));
    assertEquals(32 * MIB, PartPlan.partBytes(1024 * MIB, 1, 32 * MIB));
  }

  @Test
  void onlyPartsAreTemporary() {
    assertTrue(PartPlan.isTemporary("p/pages.img.part-0-000001", "p/pages.img"));
    assertFalse(PartPlan.isTemporary("p/pages.img", "p/pages.img"));
    assertFalse(PartPlan.isTemporary("p/pages_meta.img.part-0-000001", "p/pages.img"));
  }
}
