package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.ConditionedStatus;
import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.GroupByLabelValue;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotGroupingRules;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.TokenSource;
import dev.podsnapshot.storage.BucketFacts;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConditionsOfBucketsAndPoliciesTest {
  private static final BucketFacts GOOD =
      new BucketFacts(true, true, 0, false, false, "STANDARD", "EUROPE-WEST4");

  private static List<Condition> look(BucketFacts facts, List<String> missing) {
    return StorageConditions.of(
        new BucketLook.Seen("b", facts, Optional.of(missing)),
        TokenSource.POD_KSA,
        false,
        Optional.of("europe-west4-a"),
        null);
  }

  private static String text(List<Condition> conditions, String type) {
    return Conditions.find(conditions, type)
        .map(c -> c.getStatus() + "/" + c.getReason())
        .orElse("");
  }

  static Stream<Arguments> buckets() {
    return Stream.of(
        Arguments.of(GOOD, "True/Allowed", "True/Suitable"),
        Arguments.of(
            new BucketFacts(false, true, 0, false, false, "STANDARD", "EUROPE-WEST4"),
            "True/Allowed",
            "False/HierarchicalNamespaceDisabled"),
        Arguments.of(
            new BucketFacts(true, false, 0, false, false, "STANDARD", "EUROPE-WEST4"),
            "True/Allowed",
            "False/UniformAccessDisabled"),
        Arguments.of(
            new BucketFacts(true, true, 604800, false, false, "STANDARD", "EUROPE-WEST4"),
            "False/Harmful",
            "False/SoftDeleteEnabled"),
        Arguments.of(
            new BucketFacts(true, true, 0, true, false, "STANDARD", "EUROPE-WEST4"),
            "False/Harmful",
            "False/RetentionPolicySet"),
        Arguments.of(
            new BucketFacts(true, true, 0, false, true, "STANDARD", "EUROPE-WEST4"),
            "False/Harmful",
            "True/Suitable"),
        Arguments.of(
            new BucketFacts(true, true, 0, false, false, "NEARLINE", "EUROPE-WEST4"),
            "False/Harmful",
            "True/Suitable"),
        Arguments.of(
            new BucketFacts(true, true, 0, false, false, "STANDARD", "US"),
            "True/Allowed",
            "False/WrongLocation"));
  }

  @ParameterizedTest
  @MethodSource("buckets")
  void aBucketThatWorksIsReadyAndSaysWhatIsWrongWithIt(
      BucketFacts facts, String parallel, String suitable) {
    var conditions = look(facts, List.of());
    assertEquals("True/BucketAvailable", text(conditions, Conditions.READY));
    assertEquals("False/ServiceCredentials", text(conditions, StorageConditions.TOKEN_SOURCE));
    assertEquals(parallel, text(conditions, StorageConditions.PARALLEL_UPLOAD));
    assertEquals(suitable, text(conditions, StorageConditions.BUCKET_SUITABLE));
  }

  @Test
  void inWhoseNameTheBucketIsUsed() {
    for (var source : TokenSource.values()) {
      for (var inEffect : new boolean[] {true, false}) {
        var expected =
            !inEffect
                ? "False/ServiceCredentials"
                : source == TokenSource.POD_KSA ? "True/PodServiceAccounts" : "True/NarrowedTokens";
        var conditions =
            StorageConditions.of(
                new BucketLook.Seen("b", GOOD, Optional.empty()),
                source,
                inEffect,
                Optional.empty(),
                null);
        assertEquals(expected, text(conditions, StorageConditions.TOKEN_SOURCE));
      }
    }
  }

  @Test
  void aMissingPermissionIsNamed() {
    var conditions = look(GOOD, List.of("storage.objects.delete"));
    assertEquals("False/PermissionDenied", text(conditions, Conditions.READY));
    assertTrue(
        Conditions.find(conditions, Conditions.READY)
            .orElseThrow()
            .getMessage()
            .contains("storage.objects.delete"));
    assertEquals("", text(conditions, StorageConditions.PARALLEL_UPLOAD));
  }

  @Test
  void whatCanNotBeLookedAtIsNotReady() {
    for (var kind : Kind.values()) {
      var conditions =
          StorageConditions.of(
              new BucketLook.Unreachable("b", kind, "its text"),
              TokenSource.POD_KSA,
              false,
              Optional.empty(),
              null);
      var expected =
          switch (kind) {
            case NOT_FOUND -> "False/BucketNotFound";
            case PERMISSION_DENIED -> "False/PermissionDenied";
            default -> "False/StoreUnavailable";
          };
      assertEquals(expected, text(conditions, Conditions.READY));
      assertTrue(
          Conditions.find(conditions, Conditions.READY)
              .orElseThrow()
              .getMessage()
              .contains("its text"));
    }
    assertEquals("False/NoStorage", text(StorageConditions.noStorage(null), Conditions.READY));
  }

  private static PodSnapshotPolicy policy(String name, String created, List<String> grouping) {
    var policy = new PodSnapshotPolicy();
    policy.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace("ns")
            .withCreationTimestamp(created)
            .build());
    policy.setSpec(
        new PodSnapshotPolicySpec(
            new LabelSelectorBuilder().addToMatchLabels("app", "x").build(),
            "config",
            null,
            null,
            null,
            grouping.isEmpty()
                ? null
                : new SnapshotGroupingRules(new GroupByLabelValue(grouping, null))));
    return policy;
  }

  private static Optional<PodSnapshotStorageConfig> storage(List<Condition> conditions) {
    var storage = new PodSnapshotStorageConfig();
    storage.setStatus(new ConditionedStatus(conditions, 1L));
    return Optional.of(storage);
  }

  @Test
  void aPolicyIsReadyWhenItsStorageConfigIs() {
    var policy = policy("p", "2026-01-01T00:00:00Z", List.of("tenant"));
    var ready = Conditions.with(null, Conditions.READY, true, "BucketAvailable", "");
    var not = Conditions.with(null, Conditions.READY, false, "BucketNotFound", "no such bucket");
    assertEquals(
        "False/StorageConfigNotFound",
        text(
            PolicyConditions.of(policy, Optional.empty(), List.of(policy), null),
            Conditions.READY));
    var waiting = PolicyConditions.of(policy, storage(not), List.of(policy), null);
    assertEquals("False/StorageConfigNotReady", text(waiting, Conditions.READY));
    assertTrue(
        Conditions.find(waiting, Conditions.READY)
            .orElseThrow()
            .getMessage()
            .contains("no such bucket"));
    assertEquals(
        "True/PolicyReady",
        text(
            PolicyConditions.of(policy, storage(ready), List.of(policy), waiting),
            Conditions.READY));
  }

  @Test
  void theOlderOfTwoOverlappingPoliciesWinsAndTheOtherSaysSo() {
    var older = policy("z", "2026-01-01T00:00:00Z", List.of("tenant"));
    var newer = policy("a", "2026-01-02T00:00:00Z", List.of());
    var both = List.of(older, newer);
    assertEquals("", text(PolicyConditions.of(older, Optional.empty(), both, null), "Overlapping"));
    var conditions = PolicyConditions.of(newer, Optional.empty(), both, null);
    assertEquals("True/OlderPolicyWins", text(conditions, "Overlapping"));
    assertEquals("True/NoGroupingLabels", text(conditions, "SharedSnapshots"));
    assertEquals(
        "", text(PolicyConditions.of(older, Optional.empty(), both, null), "SharedSnapshots"));
  }
}
