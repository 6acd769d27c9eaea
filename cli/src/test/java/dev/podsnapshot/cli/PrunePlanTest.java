package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.cli.PrunePlan.Cause;
import dev.podsnapshot.cli.PrunePlan.Rules;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PrunePlanTest {
  private static final Rules NONE = new Rules(Optional.empty(), OptionalInt.empty());

  @Test
  void failedOnesAndThoseWithoutAPolicyGo() {
    var plan =
        plan(
            NONE,
            SnapshotFixture.ready("good", "app", Duration.ofDays(400)),
            SnapshotFixture.failed("bad", "app", Duration.ofMinutes(1), "no space left"),
            SnapshotFixture.ready("orphan", "gone", Duration.ofMinutes(1)));
    assertEquals(Map.of("bad", Cause.FAILED, "orphan", Cause.NO_POLICY), causes(plan));
    assertEquals("it failed: no space left", why(plan, "bad"));
    assertTrue(why(plan, "orphan").contains("PodSnapshotPolicy gone is gone"));
  }

  @Test
  void thoseUnderWayAndThoseThatGoAlreadyAreLeftAlone() {
    var everything = new Rules(Optional.of(Duration.ZERO), OptionalInt.of(0));
    var plan =
        plan(
            everything,
            SnapshotFixture.awaiting("a", "gone", Duration.ofDays(9)),
            SnapshotFixture.checkpointing("b", "app", Duration.ofDays(9)),
            SnapshotFixture.uploading("c", "app", Duration.ofDays(9)),
            SnapshotFixture.stuck("d", "app", Duration.ofDays(9), "403"));
    assertEquals(Map.of(), causes(plan));
  }

  @Test
  void oldOnesGo() {
    var rules = new Rules(Optional.of(Duration.ofDays(7)), OptionalInt.empty());
    var plan =
        plan(
            rules,
            SnapshotFixture.ready("exactly", "app", Duration.ofDays(7)),
            SnapshotFixture.ready("older", "app", Duration.ofDays(7).plusSeconds(1)));
    assertEquals(Map.of("older", Cause.TOO_OLD), causes(plan));
    assertEquals("7d old, more than 7d", why(plan, "older"));
  }

  @Test
  void theNewestOfAGroupStayAndTheOthersGo() {
    var rules = new Rules(Optional.empty(), OptionalInt.of(2));
    var plan =
        plan(
            rules,
            SnapshotFixture.ready("a1", "app", Duration.ofDays(1)),
            SnapshotFixture.ready("a2", "app", Duration.ofDays(2)),
            SnapshotFixture.ready("a3", "app", Duration.ofDays(3)),
            SnapshotFixture.ready("o1", "other", Duration.ofDays(9)));
    assertEquals(Map.of("a3", Cause.BEYOND_KEEP), causes(plan));
    assertEquals("not among the 2 newest of policy app", why(plan, "a3"));
  }

  @Test
  void oneThatIsNotReadyCrowdsNobodyOut() {
    var rules = new Rules(Optional.empty(), OptionalInt.of(1));
    var plan =
        plan(
            rules,
            SnapshotFixture.uploading("new", "app", Duration.ofSeconds(1)),
            SnapshotFixture.failed("failed", "app", Duration.ofSeconds(2), "x"),
            SnapshotFixture.ready("old", "app", Duration.ofDays(3)));
    assertEquals(Map.of("failed", Cause.FAILED), causes(plan));
  }

  @Test
  void keepProtectsFromAge() {
    var rules = new Rules(Optional.of(Duration.ofDays(7)), OptionalInt.of(1));
    var plan =
        plan(
            rules,
            SnapshotFixture.ready("newest", "app", Duration.ofDays(20)),
            SnapshotFixture.ready("older", "app", Duration.ofDays(30)),
            SnapshotFixture.ready("young", "other", Duration.ofDays(1)),
            SnapshotFixture.ready("young2", "other", Duration.ofDays(2)));
    assertEquals(Map.of("older", Cause.TOO_OLD), causes(plan));
  }

  @Test
  void groupsAreThoseOfThePolicysLabels() {
    var rules = new Rules(Optional.empty(), OptionalInt.of(1));
    var plan =
        plan(
            rules,
            SnapshotFixture.labelled(
                SnapshotFixture.ready("x1", "grouped", Duration.ofDays(1)), "user", "x"),
            SnapshotFixture.labelled(
                SnapshotFixture.ready("x2", "grouped", Duration.ofDays(2)), "user", "x"),
            SnapshotFixture.labelled(
                SnapshotFixture.ready("y1", "grouped", Duration.ofDays(3)), "user", "y"),
            SnapshotFixture.ready("none", "grouped", Duration.ofDays(4)));
    assertEquals(Map.of("x2", Cause.BEYOND_KEEP), causes(plan));
    assertEquals("not among the 1 newest of policy grouped, group user=x", why(plan, "x2"));
  }

  @Test
  void aPolicyOfAnotherNamespaceIsNotIts() {
    var elsewhere = SnapshotFixture.ready("s", "app", Duration.ofDays(1));
    elsewhere.getMetadata().setNamespace("elsewhere");
    assertEquals(Map.of("s", Cause.NO_POLICY), causes(plan(NONE, elsewhere)));
  }

  private static PrunePlan plan(Rules rules, PodSnapshot... snapshots) {
    return PrunePlan.of(
        List.of(snapshots),
        List.of(
            SnapshotFixture.policy("app"),
            SnapshotFixture.policy("other"),
            SnapshotFixture.policy("grouped", "user")),
        rules,
        SnapshotFixture.NOW);
  }

  private static Map<String, Cause> causes(PrunePlan plan) {
    return plan.items().stream()
        .collect(
            Collectors.toMap(i -> i.snapshot().getMetadata().getName(), PrunePlan.Item::cause));
  }

  private static String why(PrunePlan plan, String name) {
    return plan.items().stream()
        .filter(i -> i.snapshot().getMetadata().getName().equals(name))
        .map(PrunePlan.Item::why)
        .findFirst()
        .orElseThrow();
  }
}
