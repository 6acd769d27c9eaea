package dev.podsnapshot.controller.access;

/** A token can't be had; the message says whose, why, and what to do. */
public class BucketTokenException extends Exception {
  private final boolean passing;

  BucketTokenException(boolean passing, String message, Throwable cause) {
    super(message, cause);
    this.passing = passing;
  }

  /** Whether it may be had a moment later. */
  public boolean passing() {
    return passing;
  }
}
