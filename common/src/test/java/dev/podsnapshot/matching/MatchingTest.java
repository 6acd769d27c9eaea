package dev.podsnapshot.matching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.podsnapshot.matching.Decision.Cold;
import dev.podsnapshot.matching.Decision.Reason;
import dev.podsnapshot.matching.Decision.Restore;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MatchingTest {
  private static final String WHOLE = "whole-pod";
  private static final NodeFingerprint NODE =
      new NodeFingerprint("r1", "systrap", "amd64", Set.of("avx", "sse"));
  private static final PolicyFacts POLICY = new PolicyFacts("p", WHOLE, List.of("tenant"));
  private static final Map<String, String> TENANT_A = Map.of("tenant", "a", "app", "x");

  private static final Candidate OLD =
      new Candidate(
          "old",
          "p",
          Instant.ofEpochSecond(1),
          true,
          false,
          WHOLE,
          "h",
          Map.of("tenant", "a"),
          NODE);
  private static final Candidate NEW =
      new Candidate(
          "new",
          "p",
          Instant.ofEpochSecond(2),
          true,
          false,
          WHOLE,
          "h",
          Map.of("tenant", "a"),
          NODE);

  private static PodFacts pod(String requested) {
    return new PodFacts("ns", "h", TENANT_A, Optional.ofNullable(requested), Optional.empty());
  }

  private static Decision decide(PodFacts pod, Candidate... candidates) {
    return Matching.decide(pod, POLICY, NODE, List.of(candidates));
  }

  private static void assertCold(Reason reason, Decision decision) {
    assertEquals(reason, assertInstanceOf(Cold.class, decision).reason());
  }

  private static void assertRestored(String name, Decision decision) {
    assertEquals(name, assertInstanceOf(Restore.class, decision).snapshot().name());
  }

  @Test
  void theNewestMatchWins() {
    assertRestored("new", decide(pod(null), OLD, NEW));
    assertRestored("new", decide(pod(null), NEW, OLD));
  }

  @Test
  void aTieIsBrokenByName() {
    var twin = new Candidate("zz", "p", NEW.created(), true, false, WHOLE, "h", NEW.group(), NODE);
    assertRestored("zz", decide(pod(null), NEW, twin));
    assertRestored("zz", decide(pod(null), twin, NEW));
  }

  @Test
  void psNameChooses() {
    assertRestored("old", decide(pod("old"), OLD, NEW));
    assertCold(Reason.SNAPSHOT_NOT_FOUND, decide(pod("none"), OLD, NEW));
    assertCold(Reason.RESTORE_DISABLED, decide(pod(""), OLD, NEW));
  }

  @Test
  void eachRuleHasItsReason() {
    var waiting =
        new Candidate("c", "p", OLD.created(), false, false, WHOLE, "h", OLD.group(), NODE);
    var deleting =
        new Candidate("c", "p", OLD.created(), true, true, WHOLE, "h", OLD.group(), NODE);
    var other = new Candidate("c", "q", OLD.created(), true, false, WHOLE, "h", OLD.group(), NODE);
    var group =
        new Candidate(
            "c", "p", OLD.created(), true, false, WHOLE, "h", Map.of("tenant", "b"), NODE);
    var ungrouped = new Candidate("c", "p", OLD.created(), true, false, WHOLE, "h", Map.of(), NODE);
    var spec = new Candidate("c", "p", OLD.created(), true, false, WHOLE, "g", OLD.group(), NODE);
    var node =
        new Candidate(
            "c",
            "p",
            OLD.created(),
            true,
            false,
            WHOLE,
            "h",
            OLD.group(),
            new NodeFingerprint("r1", "systrap", "amd64", Set.of("avx512")));
    assertCold(Reason.SNAPSHOT_NOT_READY, decide(pod("c"), waiting));
    assertCold(Reason.SNAPSHOT_NOT_READY, decide(pod("c"), deleting));
    assertCold(Reason.POLICY_MISMATCH, decide(pod("c"), other));
    assertCold(Reason.GROUP_MISMATCH, decide(pod("c"), group));
    assertCold(Reason.GROUP_MISMATCH, decide(pod("c"), ungrouped));
    assertCold(Reason.SPEC_MISMATCH, decide(pod("c"), spec));
    assertCold(Reason.NODE_MISMATCH, decide(pod("c"), node));
    // Nobody asked: only a spec or node mismatch is worth a warning.
    assertCold(Reason.NO_SNAPSHOT_YET, decide(pod(null)));
    assertCold(Reason.NO_SNAPSHOT_YET, decide(pod(null), waiting, other, group));
    assertCold(Reason.SPEC_MISMATCH, decide(pod(null), waiting, spec, group));
    assertCold(Reason.NODE_MISMATCH, decide(pod(null), spec, node));
    assertRestored("old", decide(pod(null), waiting, spec, node, OLD));
  }

  @Test
  void aPodThatCanNotBeRestoredSaysWhy() {
    var pod = new PodFacts("ns", "h", TENANT_A, Optional.empty(), Optional.of("hostNetwork"));
    assertCold(Reason.UNSUPPORTED_POD, decide(pod, OLD));
  }

  @Test
  void aSnapshotOfTheRootFileSystemsNeedsNoLikeSpecNorCpu() {
    var rootfs = new PolicyFacts("p", "rootfs-only", List.of("tenant"));
    var files =
        new Candidate(
            "f", "p", OLD.created(), true, false, "rootfs-only", "other", OLD.group(), NODE);
    var poor = new NodeFingerprint("r1", "kvm", "arm64", Set.of());
    assertRestored("f", Matching.decide(pod(null), rootfs, poor, List.of(files)));
    var newer = new NodeFingerprint("r2", "systrap", "amd64", NODE.cpuFeatures());
    assertCold(Reason.NODE_MISMATCH, Matching.decide(pod("f"), rootfs, newer, List.of(files)));
    assertCold(Reason.SCOPE_MISMATCH, Matching.decide(pod("old"), rootfs, NODE, List.of(OLD)));
    assertCold(Reason.SCOPE_MISMATCH, decide(pod("f"), files));
  }

  @Test
  void theNodeMustHaveWhatTheSnapshotHas() {
    var more = new NodeFingerprint("r1", "systrap", "amd64", Set.of("avx", "sse", "avx2"));
    assertEquals(Optional.empty(), NODE.mismatch(more));
    assertEquals(
        "the node lacks CPU features of the snapshot: avx2", more.mismatch(NODE).orElseThrow());
    assertEquals(
        "the snapshot has gVisor version r1, the node r2",
        NODE.mismatch(new NodeFingerprint("r2", "systrap", "amd64", NODE.cpuFeatures()))
            .orElseThrow());
  }

  @Test
  void aSnapshotWithGpusIsForAPodWithAsMany() {
    for (var of = 0; of < 3; of++) {
      for (var has = 0; has < 3; has++) {
        var pod = new PodFacts("ns", "h", TENANT_A, Optional.empty(), Optional.empty(), has);
        var candidate =
            new Candidate(
                "new",
                "p",
                Instant.ofEpochSecond(2),
                true,
                false,
                WHOLE,
                "h",
                Map.of("tenant", "a"),
                NODE,
                of);
        if (of == has) {
          assertRestored("new", decide(pod, candidate));
        } else {
          assertCold(Reason.SPEC_MISMATCH, decide(pod, candidate));
        }
      }
    }
  }
}
