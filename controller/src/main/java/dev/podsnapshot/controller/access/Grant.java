package dev.podsnapshot.controller.access;

import com.google.auth.oauth2.CredentialAccessBoundary;
import com.google.auth.oauth2.CredentialAccessBoundary.AccessBoundaryRule;
import com.google.auth.oauth2.CredentialAccessBoundary.AccessBoundaryRule.AvailabilityCondition;
import dev.podsnapshot.grpc.Location;

/** What a token opens. */
sealed interface Grant {
  /** What a Kubernetes ServiceAccount may do, which its owner granted in the bucket's IAM. */
  record Account(String namespace, String name) implements Grant {
    @Override
    public String toString() {
      return "ServiceAccount %s/%s".formatted(namespace, name);
    }
  }

  /** One snapshot's folder. */
  record Folder(Location location, boolean write) implements Grant {
    private static final String UPLOAD = "inRole:roles/storage.objectUser";
    private static final String DOWNLOAD = "inRole:roles/storage.objectViewer";
    private static final String BUCKET = "inRole:roles/storage.bucketViewer";

    /** As Cloud Storage takes it: "Credential Access Boundaries", with conditions on the path. */
    CredentialAccessBoundary boundary() {
      var bucket = "//storage.googleapis.com/projects/_/buckets/" + location.getBucket();
      var within =
          "resource.name.startsWith('projects/_/buckets/%s/objects/%s') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('%s')"
              .formatted(location.getBucket(), quoted(location), quoted(location));
      var files =
          AccessBoundaryRule.newBuilder()
              .setAvailableResource(bucket)
              .addAvailablePermission(write ? UPLOAD : DOWNLOAD)
              .setAvailabilityCondition(
                  AvailabilityCondition.newBuilder().setExpression(within).build())
              .build();
      var boundary = CredentialAccessBoundary.newBuilder().addRule(files);
      if (write) {
        // Whether parts would do harm there.
        boundary.addRule(
            AccessBoundaryRule.newBuilder()
                .setAvailableResource(bucket)
                .addAvailablePermission(BUCKET)
                .build());
      }
      return boundary.build();
    }

    /** In a string of the Common Expression Language. */
    private static String quoted(Location location) {
      return location.getPrefix().replace("\\", "\\\\").replace("'", "\\'");
    }

    @Override
    public String toString() {
      return "%s of gs://%s/%s"
          .formatted(write ? "upload" : "download", location.getBucket(), location.getPrefix());
    }
  }
}
