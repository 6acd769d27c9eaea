package dev.podsnapshot.api;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Pure functions over lists of conditions; a null list is an empty one. */
public final class Conditions {
  public static final String READY = "Ready";
  public static final String CHECKPOINT = "Checkpoint";
  public static final String STORAGE_REPLICATED = "StorageReplicated";
  public static final String TRIGGERED = "Triggered";

  private Conditions() {}

  public static Optional<Condition> find(List<Condition> conditions, String type) {
    return conditions == null
        ? Optional.empty()
        : conditions.stream().filter(c -> c.getType().equals(type)).findFirst();
  }

  public static boolean isTrue(List<Condition> conditions, String type) {
    return has(conditions, type, "True");
  }

  public static boolean isFalse(List<Condition> conditions, String type) {
    return has(conditions, type, "False");
  }

  private static boolean has(List<Condition> conditions, String type, String status) {
    return find(conditions, type).filter(c -> status.equals(c.getStatus())).isPresent();
  }

  /**
   * The list with this condition in place of the one of its type. The transition time changes only
   * with the status, as {@code metav1.Condition} demands.
   */
  public static List<Condition> with(
      List<Condition> conditions, String type, boolean status, String reason, String message) {
    return with(conditions, type, status ? "True" : "False", reason, message);
  }

  /** The list with this condition under way: neither True nor False yet. */
  public static List<Condition> withUnknown(
      List<Condition> conditions, String type, String reason, String message) {
    return with(conditions, type, "Unknown", reason, message);
  }

  /** The list without the condition of this type. */
  public static List<Condition> without(List<Condition> conditions, String type) {
    return conditions == null
        ? null
        : conditions.stream().filter(c -> !c.getType().equals(type)).toList();
  }

  /** Whether the condition is True or False. */
  public static boolean isDecided(List<Condition> conditions, String type) {
    return isTrue(conditions, type) || isFalse(conditions, type);
  }

  private static List<Condition> with(
      List<Condition> conditions, String type, String text, String reason, String message) {
    var old = find(conditions, type);
    if (old.filter(
            c ->
                text.equals(c.getStatus())
                    && Objects.equals(reason, c.getReason())
                    && Objects.equals(message, c.getMessage()))
        .isPresent()) {
      return conditions;
    }
    var since =
        old.filter(c -> text.equals(c.getStatus()))
            .map(Condition::getLastTransitionTime)
            .orElseGet(() -> Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    var result = new ArrayList<Condition>();
    if (conditions != null) {
      conditions.stream().filter(c -> !c.getType().equals(type)).forEach(result::add);
    }
    result.add(
        new ConditionBuilder()
            .withType(type)
            .withStatus(text)
            .withReason(reason)
            .withMessage(message)
            .withLastTransitionTime(since)
            .build());
    return List.copyOf(result);
  }
}
