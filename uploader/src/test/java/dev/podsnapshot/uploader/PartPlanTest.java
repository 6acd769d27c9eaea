package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.storage.ObjectStore;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PartPlanTest {
  @Test
  void aSmallFileIsOneObject() {
    var plan = PartPlan.of("f", 10, 10);
    assertEquals(List.of(new PartPlan.Part("f", 0, 10)), plan.parts());
    assertEquals(List.of(), plan.levels());
    assertEquals(List.of(), plan.temporaries());
    assertEquals(0, PartPlan.of("f", 0, 10).parts().getFirst().length());
  }

  /** Carries out the plan on byte counts: every byte arrives, in order, and nothing is left. */
  @Test
  void everyPlanGivesTheWholeFileAndLeavesNothing() {
    for (var parts : new int[] {2, 31, 32, 33, 64, 1024, 1025, 2104}) {
      var bytes = parts * 10L - 3;
      var plan = PartPlan.of("f", bytes, 10);
      var objects = new HashMap<String, List<Long>>();
      for (var part : plan.parts()) {
        objects.put(part.object(), List.of(part.offset(), part.offset() + part.length()));
      }
      for (var level : plan.levels()) {
        for (var composition : level) {
          assertTrue(composition.sources().size() <= ObjectStore.MAX_COMPOSE_SOURCES);
          var at = objects.get(composition.sources().getFirst()).getFirst();
          var begin = at;
          for (var source : composition.sources()) {
            assertEquals(at, objects.get(source).getFirst());
            at = objects.get(source).getLast();
          }
          objects.put(composition.target(), List.of(begin, at));
        }
      }
      assertEquals(List.of(0L, bytes), objects.get("f"), parts + " parts");
      var left = new HashSet<>(objects.keySet());
      plan.temporaries().forEach(left::remove);
      assertEquals(1, left.size(), parts + " parts");
    }
  }
}
