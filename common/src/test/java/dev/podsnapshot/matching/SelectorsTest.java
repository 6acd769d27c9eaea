package dev.podsnapshot.matching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorRequirement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SelectorsTest {
  private static final LabelSelector ALL = new LabelSelector();
  private static final LabelSelector A = selector("In", "a");
  private static final LabelSelector B = selector("In", "b");

  private static LabelSelector selector(String operator, String... values) {
    return new LabelSelectorBuilder()
        .addToMatchExpressions(new LabelSelectorRequirement("app", operator, List.of(values)))
        .build();
  }

  @Test
  void eachOperatorSelectsAsTheApiServerDoes() {
    var a = Map.of("app", "a");
    var none = Map.of("other", "a");
    assertTrue(Selectors.selects(ALL, none));
    assertFalse(Selectors.selects(null, none));
    assertTrue(Selectors.selects(A, a));
    assertFalse(Selectors.selects(A, none));
    assertFalse(Selectors.selects(selector("NotIn", "a"), a));
    assertTrue(Selectors.selects(selector("NotIn", "a"), none));
    assertTrue(Selectors.selects(selector("Exists"), a));
    assertFalse(Selectors.selects(selector("Exists"), none));
    assertFalse(Selectors.selects(selector("DoesNotExist"), a));
    assertTrue(Selectors.selects(selector("DoesNotExist"), none));
    var labels = new LabelSelectorBuilder().addToMatchLabels("app", "a").build();
    assertTrue(Selectors.selects(labels, a));
    assertFalse(Selectors.selects(labels, Map.of("app", "b")));
  }

  @Test
  void twoSelectorsOverlapWhenSomeLabelsSatisfyBoth() {
    assertOverlap(true, ALL, A);
    assertOverlap(true, A, A);
    assertOverlap(false, A, B);
    assertOverlap(true, A, selector("NotIn", "b"));
    assertOverlap(false, A, selector("NotIn", "a"));
    assertOverlap(true, A, selector("Exists"));
    assertOverlap(false, A, selector("DoesNotExist"));
    assertOverlap(false, selector("Exists"), selector("DoesNotExist"));
    assertOverlap(true, selector("NotIn", "a", "x"), selector("Exists"));
    assertOverlap(true, selector("In", "a", "b"), selector("NotIn", "a"));
    assertOverlap(true, A, new LabelSelectorBuilder().addToMatchLabels("tier", "front").build());
  }

  private static void assertOverlap(boolean expected, LabelSelector a, LabelSelector b) {
    assertEquals(expected, Selectors.overlap(a, b));
    assertEquals(expected, Selectors.overlap(b, a));
  }
}
