package dev.podsnapshot.runsc;

/** runsc failed; the message is its own text. */
public class RunscException extends Exception {
  public RunscException(String message) {
    super(message);
  }

  public RunscException(String message, Throwable cause) {
    super(message, cause);
  }
}
