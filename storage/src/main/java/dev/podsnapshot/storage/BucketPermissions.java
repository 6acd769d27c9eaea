package dev.podsnapshot.storage;

import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which permissions on a bucket this service has; asking needs none itself. */
@ApplicationScoped
public class BucketPermissions {
  /** What the feature needs (reference, section 5.2). */
  public static final List<String> NEEDED =
      List.of(
          "storage.buckets.get",
          "storage.objects.create",
          "storage.objects.get",
          "storage.objects.list",
          "storage.objects.delete");

  private final Storage storage;

  BucketPermissions(Storage storage) {
    this.storage = storage;
  }

  /** Those of {@link #NEEDED} that are missing; empty: the server does not answer this question. */
  public Optional<List<String>> missing(String bucket) throws ObjectStoreException {
    try {
      var granted = storage.testIamPermissions(bucket, NEEDED);
      var missing = new ArrayList<String>();
      for (var i = 0; i < NEEDED.size(); i++) {
        if (!granted.get(i)) {
          missing.add(NEEDED.get(i));
        }
      }
      return Optional.of(missing);
    } catch (StorageException e) {
      // A test server without IAM knows no such address.
      if (e.getCode() == 404 || e.getCode() == 405 || e.getCode() == 501) {
        return Optional.empty();
      }
      throw new ObjectStoreException(
          GcsObjectStore.kind(e),
          "the permissions on gs://%s can't be asked: %s".formatted(bucket, e.getMessage()),
          e);
    }
  }
}
