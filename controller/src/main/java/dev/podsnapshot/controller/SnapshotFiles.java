package dev.podsnapshot.controller;

import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import jakarta.enterprise.context.ApplicationScoped;

/** Deletes a snapshot's files; needs nothing but their path. */
@ApplicationScoped
class SnapshotFiles {
  private final ObjectStore store;

  SnapshotFiles(ObjectStore store) {
    this.store = store;
  }

  /** How a deletion ended. */
  sealed interface Deletion {}

  /** No file is left. */
  record Gone() implements Deletion {}

  /** No bucket is left. */
  record BucketGone() implements Deletion {}

  /**
   * Some may be left.
   *
   * @param why for the user, with the way out
   */
  record Left(String why) implements Deletion {}

  Deletion delete(String path) {
    try {
      var location = GcsPath.parse(path);
      for (var object : store.list(location.getBucket(), location.getPrefix())) {
        // A listing is what somebody else says: it must not lead out of the snapshot's folder.
        if (!object.startsWith(location.getPrefix())) {
          return new Left("the store lists %s below %s".formatted(object, path));
        }
        store.delete(location.getBucket(), object);
      }
      return store.list(location.getBucket(), location.getPrefix()).isEmpty()
          ? new Gone()
          : new Left("objects are left below " + path);
    } catch (ObjectStoreException e) {
      return e.kind() == ObjectStoreException.Kind.NOT_FOUND && bucketGone(path)
          ? new BucketGone()
          : new Left(
              "the files below %s can't be deleted: %s; it is tried again every 10 s. Give the controller storage.objects.list and storage.objects.delete there, or see docs/deletion.md for the way out"
                  .formatted(path, e.getMessage()));
    } catch (IllegalArgumentException e) {
      return new Left(e.getMessage());
    }
  }

  /** Files are given up on nothing less than the store's own word that there is no such bucket. */
  private boolean bucketGone(String path) {
    try {
      store.bucketFacts(GcsPath.parse(path).getBucket());
      return false;
    } catch (ObjectStoreException e) {
      return e.kind() == ObjectStoreException.Kind.NOT_FOUND;
    }
  }
}
