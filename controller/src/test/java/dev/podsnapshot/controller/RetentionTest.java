package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.GroupByLabelValue;
import dev.podsnapshot.api.PodSnapshotPolicySpec.GroupRetentionPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.RetentionConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotGroupingRules;
import dev.podsnapshot.api.PodSnapshotSpec;
import dev.podsnapshot.api.PodSnapshotStatus;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetentionTest {
  private static final Instant EPOCH = Instant.parse("2026-01-01T00:00:00Z");

  private static PodSnapshotPolicySpec policy(Long max, String timeout) {
    return new PodSnapshotPolicySpec(
        null,
        "config",
        null,
        null,
        timeout == null ? null : new RetentionConfig(timeout),
        new SnapshotGroupingRules(
            new GroupByLabelValue(
                List.of("tenant"), max == null ? null : new GroupRetentionPolicy(max))));
  }

  /** All within one second, as the API server sees them. */
  private static PodSnapshot snapshot(String name, int micros, String tenant, String... status) {
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace("ns")
            .withCreationTimestamp(EPOCH.toString())
            .addToAnnotations(PodSnapshotApi.CREATED_AT, EPOCH.plusNanos(micros * 1000L).toString())
            .addToLabels("tenant", tenant)
            .build());
    snapshot.setSpec(new PodSnapshotSpec("p"));
    var conditions = Conditions.with(null, Conditions.READY, false, "AwaitingCheckpoint", "");
    for (var type : status) {
      conditions =
          type.startsWith("!")
              ? Conditions.with(conditions, type.substring(1), false, "Failed", "")
              : Conditions.with(conditions, type, true, "Succeeded", "");
    }
    snapshot.setStatus(PodSnapshotStatus.EMPTY.withConditions(conditions));
    return snapshot;
  }

  private static Set<String> names(List<PodSnapshot> snapshots) {
    return snapshots.stream().map(s -> s.getMetadata().getName()).collect(Collectors.toSet());
  }

  @ParameterizedTest
  @CsvSource({
    "1y, P365D",
    "2mo, P60D",
    "7d, P7D",
    "12 h, PT12H",
    "5min, PT5M",
    "0min, PT0S",
    "99999999999999999999y, P36500D"
  })
  void eachUnitHasItsLength(String text, Duration expected) {
    assertEquals(expected, Retention.timeout(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"7", "d", "7w", "-1d", "7d ", "1.5h"})
  void whatIsNoDurationNamesTheField(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> Retention.timeout(text));
    assertEquals(true, e.getMessage().startsWith("spec.retentionConfig.lastAccessTimeout: "));
  }

  private static PodSnapshot readySince(String name, String time) {
    var snapshot = snapshot(name, 0, "t", Conditions.READY);
    Conditions.find(snapshot.getStatus().conditions(), Conditions.READY)
        .orElseThrow()
        .setLastTransitionTime(time);
    return snapshot;
  }

  @Test
  void theTimeCountsFromTheLastRestoreOrElseFromWhenItWasReady() {
    var never = readySince("a", "2026-01-01T05:00:00Z");
    assertEquals(
        Optional.of(Instant.parse("2026-01-01T06:00:00Z")),
        Retention.expiry(never, policy(null, "1h")));
    var used = readySince("b", "2026-01-01T05:00:00Z");
    used.setStatus(
        used.getStatus().withLastAccessTime(ZonedDateTime.parse("2026-01-02T00:00:00Z")));
    assertEquals(
        Optional.of(Instant.parse("2026-01-02T01:00:00Z")),
        Retention.expiry(used, policy(null, "1h")));
    assertEquals(Optional.empty(), Retention.expiry(used, policy(3L, null)));
  }

  @Test
  void whatIsUnderWayDoesNotExpireAndWhatFailedDoes() {
    assertEquals(Optional.empty(), Retention.expiry(snapshot("a", 0, "t"), policy(null, "1h")));
    assertEquals(
        Optional.empty(),
        Retention.expiry(snapshot("a", 0, "t", Conditions.CHECKPOINT), policy(null, "1h")));
    assertEquals(
        Optional.of(EPOCH.plus(Duration.ofHours(1))),
        Retention.expiry(snapshot("a", 0, "t", "!" + Conditions.CHECKPOINT), policy(null, "1h")));
  }

  @Test
  void theOldestOfAGroupGoAndNoOtherGroupsSuffers() {
    var all =
        List.of(
            snapshot("a1", 1, "a", Conditions.READY),
            snapshot("a2", 2, "a", Conditions.READY),
            snapshot("a3", 3, "a", Conditions.READY),
            snapshot("b0", 0, "b", Conditions.READY));
    assertEquals(Set.of("a1"), names(Retention.crowdedOut(policy(2L, null), all)));
    assertEquals(Set.of("a1", "a2"), names(Retention.crowdedOut(policy(1L, null), all)));
    assertEquals(Set.of(), names(Retention.crowdedOut(policy(0L, null), all)));
    assertEquals(Set.of(), names(Retention.crowdedOut(policy(null, null), all)));
  }

  @Test
  void whatIsNotReadyCrowdsNobodyOutAndGoesOnlyIfItFailed() {
    var all =
        List.of(
            snapshot("failed", 1, "a", "!" + Conditions.CHECKPOINT),
            snapshot("under-way", 2, "a", Conditions.CHECKPOINT),
            snapshot("ready", 3, "a", Conditions.READY),
            snapshot("newest-failed", 4, "a", "!" + Conditions.STORAGE_REPLICATED),
            snapshot("newest-under-way", 5, "a"));
    assertEquals(Set.of("failed"), names(Retention.crowdedOut(policy(1L, null), all)));
  }

  @Test
  void whatIsBeingDeletedDoesNotCount() {
    var deleting = snapshot("deleting", 9, "a", Conditions.READY);
    deleting.getMetadata().setDeletionTimestamp(EPOCH.toString());
    var all = List.of(snapshot("only", 1, "a", Conditions.READY), deleting);
    assertEquals(Set.of(), names(Retention.crowdedOut(policy(1L, null), all)));
  }

  @Test
  void aThousandOfOneSecondLeaveExactlyTheNewestOfEachGroup() {
    var all = new ArrayList<PodSnapshot>();
    var expected = new java.util.HashSet<String>();
    for (var i = 0; i < 1000; i++) {
      var name = "s%04d".formatted(new Random(i).nextInt(1 << 30)) + i;
      all.add(snapshot(name, i, "tenant-" + i % 4, Conditions.READY));
      if (i < 1000 - 4 * 3) {
        expected.add(name);
      }
    }
    Collections.shuffle(all, new Random(7));
    assertEquals(expected, names(Retention.crowdedOut(policy(3L, null), all)));
  }
}
