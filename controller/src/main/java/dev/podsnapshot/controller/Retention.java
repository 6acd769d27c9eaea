package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.matching.Matching;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which snapshots of a policy have outlived it (reference, sections 2.2 and 2A). Pure. */
final class Retention {
  private static final Pattern TIMEOUT = Pattern.compile("^(\\d+)\\s*(y|mo|d|h|min)$");

  /** Oldest first; the name decides between equals, as in matching. */
  private static final Comparator<PodSnapshot> AGE =
      Comparator.comparing((PodSnapshot s) -> s.getMetadata().getCreationTimestamp())
          .thenComparing(s -> s.getMetadata().getName());

  private Retention() {}

  /** A year has 365 days, a month 30. */
  static Duration timeout(String text) {
    var matcher = TIMEOUT.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "spec.retentionConfig.lastAccessTimeout: %s is not a number with y, mo, d, h or min"
              .formatted(text));
    }
    var count = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "y" -> Duration.ofDays(Math.multiplyExact(count, 365L));
      case "mo" -> Duration.ofDays(Math.multiplyExact(count, 30L));
      case "d" -> Duration.ofDays(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofMinutes(count);
    };
  }

  /** When the snapshot expires: counted from its last restore, or else from its creation. */
  static Optional<Instant> expiry(PodSnapshot snapshot, PodSnapshotPolicySpec policy) {
    if (policy.retentionConfig() == null) {
      return Optional.empty();
    }
    var used = snapshot.getStatus() == null ? null : snapshot.getStatus().lastAccessTime();
    var since =
        used != null
            ? used.toInstant()
            : Instant.parse(snapshot.getMetadata().getCreationTimestamp());
    return Optional.of(since.plus(timeout(policy.retentionConfig().lastAccessTimeout())));
  }

  /**
   * Whether the group has the policy's number of newer snapshots that are Ready. One that is not
   * Ready crowds nobody out, and goes itself only if it has failed.
   *
   * @param others the snapshots of the namespace
   */
  static boolean crowdedOut(
      PodSnapshot snapshot, PodSnapshotPolicySpec policy, Collection<PodSnapshot> others) {
    var max = policy.maxSnapshotCountPerGroup();
    if (max == 0 || !settled(snapshot)) {
      return false;
    }
    var keys = policy.groupingLabels();
    var group = group(snapshot, keys);
    return others.stream()
            .filter(o -> o.getMetadata().getDeletionTimestamp() == null)
            .filter(o -> o.getSpec().policyName().equals(snapshot.getSpec().policyName()))
            .filter(o -> AGE.compare(o, snapshot) > 0)
            .filter(Retention::ready)
            .filter(o -> group(o, keys).equals(group))
            .limit(max)
            .count()
        == max;
  }

  private static boolean settled(PodSnapshot snapshot) {
    return ready(snapshot)
        || (snapshot.getStatus() != null
            && (Conditions.isFalse(snapshot.getStatus().conditions(), Conditions.CHECKPOINT)
                || Conditions.isFalse(
                    snapshot.getStatus().conditions(), Conditions.STORAGE_REPLICATED)));
  }

  private static boolean ready(PodSnapshot snapshot) {
    return snapshot.getStatus() != null
        && Conditions.isTrue(snapshot.getStatus().conditions(), Conditions.READY);
  }

  private static Map<String, String> group(PodSnapshot snapshot, List<String> keys) {
    var labels = snapshot.getMetadata().getLabels();
    return labels == null ? Map.of() : Matching.group(keys, labels);
  }
}
