package dev.podsnapshot.api;

import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * How the conditions of a PodSnapshot tell its size: their messages are written and read here. The
 * API has no field for it.
 */
public final class SnapshotSize {
  private static final Pattern BYTES = Pattern.compile("^(\\d{1,18}) bytes\\b");

  private SnapshotSize() {}

  /**
   * The message of a checkpoint that ended.
   *
   * @param freezeMillis how long the Pod stood still; 0: not known
   */
  public static String checkpointed(long bytes, long freezeMillis) {
    return freezeMillis > 0
        ? "%d bytes, the Pod stood still for %d ms".formatted(bytes, freezeMillis)
        : "%d bytes".formatted(bytes);
  }

  /** The message of an upload that ended. */
  public static String uploaded(long bytes, long millis, String how) {
    return "%d bytes uploaded in %d ms %s".formatted(bytes, millis, how);
  }

  /** Bytes that are stored, or else that were written on the node; empty while nobody knows. */
  public static OptionalLong of(List<Condition> conditions) {
    return Stream.of(Conditions.STORAGE_REPLICATED, Conditions.CHECKPOINT)
        .map(type -> Conditions.find(conditions, type).map(Condition::getMessage).orElse(null))
        .filter(Objects::nonNull)
        .map(BYTES::matcher)
        .filter(matcher -> matcher.find())
        .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
        .findFirst();
  }
}
