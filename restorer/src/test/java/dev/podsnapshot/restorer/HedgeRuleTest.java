package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class HedgeRuleTest {
  private static final long MS = 1_000_000;

  @Test
  void threeTimesWhatMostReadsTake() {
    var rule = new HedgeRule(1000);
    for (var i = 0; i < 95; i++) {
      rule.took(100 * MS);
    }
    for (var i = 0; i < 3; i++) {
      rule.took(5000 * MS);
    }
    assertEquals(300 * MS, rule.patience());
    assertFalse(rule.hedge(299 * MS));
    assertTrue(rule.hedge(300 * MS));
  }

  @Test
  void notBeforeItIsKnownWhatReadsTake() {
    var rule = new HedgeRule(1000);
    rule.took(MS);
    assertFalse(rule.hedge(60_000 * MS));
  }

  @Test
  void notForReadsThatAreQuickAnyway() {
    var rule = new HedgeRule(1000);
    for (var i = 0; i < 10; i++) {
      rule.took(MS);
    }
    assertEquals(100 * MS, rule.patience());
  }

  @Test
  void oneInTwentyAtMost() {
    var rule = new HedgeRule(100);
    for (var i = 0; i < 10; i++) {
      rule.took(MS);
    }
    for (var i = 0; i < 5; i++) {
      assertTrue(rule.hedge(1000 * MS));
    }
    assertFalse(rule.hedge(1000 * MS));
  }

  @Test
  void oneInAnyCase() {
    var rule = new HedgeRule(5);
    for (var i = 0; i < 4; i++) {
      rule.took(MS);
    }
    assertTrue(rule.hedge(1000 * MS));
    assertFalse(rule.hedge(1000 * MS));
  }
}
