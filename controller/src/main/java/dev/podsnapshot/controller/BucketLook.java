package dev.podsnapshot.controller;

import dev.podsnapshot.storage.BucketFacts;
import dev.podsnapshot.storage.ObjectStoreException;
import java.util.List;
import java.util.Optional;

/** What was seen of a bucket at one look; equal looks mean that nothing changed. */
sealed interface BucketLook {
  String bucket();

  /**
   * The bucket is there.
   *
   * @param missing permissions that are not granted; empty if that could not be asked
   */
  record Seen(String bucket, BucketFacts facts, Optional<List<String>> missing)
      implements BucketLook {}

  /**
   * It could not be looked at.
   *
   * @param text the store's own
   */
  record Unreachable(String bucket, ObjectStoreException.Kind kind, String text)
      implements BucketLook {}
}
