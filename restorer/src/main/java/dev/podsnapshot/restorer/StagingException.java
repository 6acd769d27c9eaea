package dev.podsnapshot.restorer;

/**
 * A snapshot can't be had.
 *
 * <p>The reason is one CamelCase word, as it stands in conditions and metric labels.
 */
class StagingException extends Exception {
  static final String UNAVAILABLE = "StoreUnavailable";
  static final String DAMAGED = "SnapshotDamaged";

  private final String reason;

  StagingException(String reason, String message, Throwable cause) {
    super(message, cause);
    this.reason = reason;
  }

  StagingException(String reason, String message) {
    this(reason, message, null);
  }

  String reason() {
    return reason;
  }

  /** Whether the same read may go well a moment later: the store or the way to it had trouble. */
  boolean mayPass() {
    return reason.equals(UNAVAILABLE) || reason.equals(DAMAGED);
  }
}
