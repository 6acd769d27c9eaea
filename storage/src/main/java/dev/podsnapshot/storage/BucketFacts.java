package dev.podsnapshot.storage;

import java.util.Optional;

/**
 * The properties of a bucket that decide how snapshots are stored in it.
 *
 * @param softDeleteSeconds how long deleted objects are kept; 0: not at all
 * @param location empty if the store has none
 */
public record BucketFacts(
    boolean hierarchicalNamespace,
    boolean uniformAccess,
    long softDeleteSeconds,
    boolean retentionPolicy,
    boolean defaultEventBasedHold,
    String storageClass,
    String location) {

  /**
   * Why parallel composite upload would do harm: its parts would be kept, billed or undeletable
   * (the rule of gVisor's checkpoint gofer). Empty: it does none.
   */
  public Optional<String> parallelUploadRefused() {
    if (softDeleteSeconds > 0) {
      return Optional.of("the bucket has soft delete on (%d s)".formatted(softDeleteSeconds));
    }
    if (retentionPolicy) {
      return Optional.of("the bucket has a retention policy");
    }
    if (defaultEventBasedHold) {
      return Optional.of("the bucket holds new objects (default event-based hold)");
    }
    if (!storageClass.isEmpty() && !storageClass.equals("STANDARD")) {
      return Optional.of("the bucket's class is %s, not STANDARD".formatted(storageClass));
    }
    return Optional.empty();
  }
}
