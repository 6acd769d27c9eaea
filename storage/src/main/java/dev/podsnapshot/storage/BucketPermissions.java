package dev.podsnapshot.storage;

import dev.podsnapshot.storage.ObjectStoreException.Kind;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

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

  private final GcsApi api;

  BucketPermissions(GcsApi api) {
    this.api = api;
  }

  /** Those of {@link #NEEDED} that are missing; empty: the server does not answer this question. */
  public Optional<List<String>> missing(String bucket) throws ObjectStoreException {
    var what = "ask for the permissions on gs://" + bucket;
    var target =
        "/storage/v1/b/%s/iam/testPermissions?%s"
            .formatted(
                GcsApi.escape(bucket),
                NEEDED.stream().map(p -> "permissions=" + p).collect(Collectors.joining("&")));
    var granted = new HashSet<String>();
    try {
      api.control(what, target).path("permissions").forEach(p -> granted.add(p.asText()));
    } catch (ObjectStoreException e) {
      // A test server without IAM knows no such address.
      if (e.kind() == Kind.NOT_FOUND || e.kind() == Kind.OTHER) {
        return Optional.empty();
      }
      throw e;
    }
    var missing = new ArrayList<>(NEEDED);
    missing.removeAll(granted);
    return Optional.of(missing);
  }
}
