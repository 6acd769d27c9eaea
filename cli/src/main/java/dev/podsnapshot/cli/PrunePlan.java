package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.SnapshotAge;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/** Which snapshots to delete, and why each. Those under way or being deleted are left alone. */
record PrunePlan(List<Item> items) {

  /** Why a snapshot goes. */
  enum Cause {
    FAILED("Failed"),
    NO_POLICY("NoPolicy"),
    TOO_OLD("TooOld"),
    BEYOND_KEEP("BeyondKeep");

    private final String text;

    Cause(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  /** One snapshot that goes. */
  record Item(PodSnapshot snapshot, Cause cause, String why) {}

  /**
   * What may go beside those that are of no use to anybody.
   *
   * @param olderThan those made longer ago; empty: none for its age
   * @param keep how many Ready ones of a group stay whatever their age, the newest first; without
   *     {@code olderThan} all others of the group go
   */
  record Rules(Optional<Duration> olderThan, OptionalInt keep) {}

  /** A group of one policy. */
  private record Group(String namespace, String policy, Map<String, String> labels) {}

  /**
   * @param snapshots all of the namespaces that are looked at
   * @param policies all of them too
   */
  static PrunePlan of(
      Collection<PodSnapshot> snapshots,
      Collection<PodSnapshotPolicy> policies,
      Rules rules,
      Instant now) {
    var byName =
        policies.stream()
            .collect(
                Collectors.toMap(
                    p -> p.getMetadata().getNamespace() + "/" + p.getMetadata().getName(), p -> p));
    var newer = new HashMap<Group, Integer>();
    return new PrunePlan(
        snapshots.stream()
            .sorted(SnapshotTable.ORDER)
            .map(s -> item(s, policyOf(s, byName), rules, newer, now))
            .flatMap(Optional::stream)
            .sorted(Comparator.comparing(Item::snapshot, SnapshotTable.ORDER))
            .toList());
  }

  private static Optional<PodSnapshotPolicy> policyOf(
      PodSnapshot snapshot, Map<String, PodSnapshotPolicy> byName) {
    return Optional.ofNullable(
        byName.get(snapshot.getMetadata().getNamespace() + "/" + snapshot.getSpec().policyName()));
  }

  /**
   * @param newer how many newer ones that are Ready each group has; this one is counted
   */
  private static Optional<Item> item(
      PodSnapshot snapshot,
      Optional<PodSnapshotPolicy> policy,
      Rules rules,
      Map<Group, Integer> newer,
      Instant now) {
    var state = SnapshotState.of(snapshot);
    if (state instanceof SnapshotState.Failed failed) {
      return Optional.of(new Item(snapshot, Cause.FAILED, "it failed: " + failed.why()));
    }
    if (!(state instanceof SnapshotState.Ready)) {
      return Optional.empty();
    }
    var policyName = snapshot.getSpec().policyName();
    if (policy.isEmpty()) {
      return Optional.of(
          new Item(
              snapshot,
              Cause.NO_POLICY,
              "PodSnapshotPolicy %s is gone: no Pod is restored from it".formatted(policyName)));
    }
    var group =
        new Group(
            snapshot.getMetadata().getNamespace(),
            policyName,
            Matching.group(
                policy.get().getSpec().groupingLabels(),
                Optional.ofNullable(snapshot.getMetadata().getLabels()).orElse(Map.of())));
    var rank = newer.merge(group, 1, Integer::sum);
    if (rules.keep().isPresent() && rank <= rules.keep().getAsInt()) {
      return Optional.empty();
    }
    var age = Duration.between(SnapshotAge.created(snapshot), now);
    if (rules.olderThan().isPresent()) {
      return age.compareTo(rules.olderThan().get()) > 0
          ? Optional.of(
              new Item(
                  snapshot,
                  Cause.TOO_OLD,
                  "%s old, more than %s"
                      .formatted(Ages.text(age), Ages.text(rules.olderThan().get()))))
          : Optional.empty();
    }
    return rules.keep().isPresent()
        ? Optional.of(
            new Item(
                snapshot,
                Cause.BEYOND_KEEP,
                "not among the %d newest of policy %s%s"
                    .formatted(
                        rules.keep().getAsInt(),
                        policyName,
                        group.labels().isEmpty() ? "" : ", group " + text(group.labels()))))
        : Optional.empty();
  }

  static String text(Map<String, String> labels) {
    return labels.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(e -> e.getKey() + "=" + e.getValue())
        .collect(Collectors.joining(","));
  }
}
