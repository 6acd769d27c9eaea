package dev.podsnapshot.restorer;

/**
 * A snapshot can't be had.
 *
 * <p>The reason is one CamelCase word, as it stands in conditions and metric labels.
 */
class StagingException extends Exception {
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
}
