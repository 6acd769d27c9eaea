package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.TokenSource;
import dev.podsnapshot.storage.BucketFacts;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a storage config's status says of its bucket (reference, section 5.1). Pure. */
final class StorageConditions {
  /** False: uploads go in one slow stream. */
  static final String PARALLEL_UPLOAD = "ParallelUpload";

  /** False: the bucket works, but not as the guide wants it. */
  static final String BUCKET_SUITABLE = "BucketSuitable";

  /** False: the nodes use credentials of their own, whatever {@code tokenSource} says. */
  static final String TOKEN_SOURCE = "TokenSourceInEffect";

  private StorageConditions() {}

  /** What is wrong with a bucket that works, and what to do. */
  private record Advice(String reason, String text) {}

  /** {@code spec.snapshotStorageConfig.gcs} is missing. */
  static List<Condition> noStorage(List<Condition> old) {
    return unusable(
        old, "NoStorage", "spec.snapshotStorageConfig.gcs is missing: name a bucket there");
  }

  /**
   * @param tokenSourceInEffect whether the controller can make such tokens
   * @param clusterLocation where the cluster is; empty if nobody said
   */
  static List<Condition> of(
      BucketLook look,
      TokenSource tokenSource,
      boolean tokenSourceInEffect,
      Optional<String> clusterLocation,
      List<Condition> old) {
    var conditions = tokenSource(tokenSource, tokenSourceInEffect, old);
    return switch (look) {
      case BucketLook.Unreachable unreachable -> unreachable(unreachable, conditions);
      case BucketLook.Seen seen -> seen(seen, clusterLocation, conditions);
    };
  }

  private static List<Condition> tokenSource(
      TokenSource source, boolean inEffect, List<Condition> old) {
    return switch (source) {
      case POD_KSA ->
          inEffect
              ? Conditions.with(
                  old,
                  TOKEN_SOURCE,
                  true,
                  "PodServiceAccounts",
                  "snapshots are stored and read in the name of each Pod's ServiceAccount")
              : Conditions.with(
                  old,
                  TOKEN_SOURCE,
                  false,
                  "ServiceCredentials",
                  "spec.snapshotStorageConfig.gcs.tokenSource podKSA has no effect: snapshots are"
                      + " stored and read with the nodes' own credentials; give the controller"
                      + " podsnapshot.bucket-access.provider to use each Pod's ServiceAccount");
      case FEDERATED_P4SA ->
          inEffect
              ? Conditions.with(
                  old,
                  TOKEN_SOURCE,
                  true,
                  "NarrowedTokens",
                  "snapshots are stored and read with tokens of the controller that open one"
                      + " snapshot's folder")
              : Conditions.with(
                  old,
                  TOKEN_SOURCE,
                  false,
                  "ServiceCredentials",
                  "spec.snapshotStorageConfig.gcs.tokenSource federatedP4SA has no effect: snapshots"
                      + " are stored and read with the nodes' own credentials; set the controller's"
                      + " podsnapshot.bucket-access.federated to narrow its own");
    };
  }

  private static List<Condition> unreachable(BucketLook.Unreachable look, List<Condition> old) {
    return switch (look.kind()) {
      case NOT_FOUND ->
          unusable(
              old,
              "BucketNotFound",
              "spec.snapshotStorageConfig.gcs.bucket: gs://%s does not exist; create it (%s)"
                  .formatted(look.bucket(), look.text()));
      case PERMISSION_DENIED ->
          unusable(
              old,
              "PermissionDenied",
              "storage.buckets.get on gs://%s is missing; grant roles/storage.bucketViewer (%s)"
                  .formatted(look.bucket(), look.text()));
      default ->
          unusable(
              old,
              "StoreUnavailable",
              "gs://%s can't be looked at: %s".formatted(look.bucket(), look.text()));
    };
  }

  private static List<Condition> seen(
      BucketLook.Seen look, Optional<String> clusterLocation, List<Condition> old) {
    var bucket = look.bucket();
    var facts = look.facts();
    var missing = look.missing();
    if (missing.isPresent() && !missing.get().isEmpty()) {
      return unusable(
          old,
          "PermissionDenied",
          "%s on gs://%s is missing; grant roles/storage.objectUser and roles/storage.bucketViewer"
              .formatted(String.join(", ", missing.get()), bucket));
    }
    var conditions =
        Conditions.with(
            old,
            Conditions.READY,
            true,
            "BucketAvailable",
            "gs://%s can be used".formatted(bucket));
    var refused = facts.parallelUploadRefused();
    conditions =
        refused.isEmpty()
            ? Conditions.with(
                conditions, PARALLEL_UPLOAD, true, "Allowed", "snapshots are uploaded in parallel")
            : Conditions.with(
                conditions,
                PARALLEL_UPLOAD,
                false,
                "Harmful",
                refused.get() + ": snapshots are uploaded in one stream, which is slow");
    var advice = advice(facts, clusterLocation);
    return advice.isEmpty()
        ? Conditions.with(
            conditions, BUCKET_SUITABLE, true, "Suitable", "the bucket is as the guide wants it")
        : Conditions.with(
            conditions,
            BUCKET_SUITABLE,
            false,
            advice.getFirst().reason(),
            String.join("; ", advice.stream().map(Advice::text).toList()));
  }

  private static List<Advice> advice(BucketFacts facts, Optional<String> clusterLocation) {
    var advice = new ArrayList<Advice>();
    if (!facts.hierarchicalNamespace()) {
      advice.add(
          new Advice(
              "HierarchicalNamespaceDisabled",
              "hierarchical namespace is off, which limits requests a second: it can only be set when"
                  + " a bucket is made (--enable-hierarchical-namespace)"));
    }
    if (!facts.uniformAccess()) {
      advice.add(
          new Advice(
              "UniformAccessDisabled",
              "uniform bucket-level access is off: gcloud storage buckets update"
                  + " --uniform-bucket-level-access"));
    }
    if (facts.softDeleteSeconds() > 0) {
      advice.add(
          new Advice(
              "SoftDeleteEnabled",
              "soft delete keeps deleted snapshots for %d s and bills them: gcloud storage buckets"
                      .formatted(facts.softDeleteSeconds())
                  + " update --clear-soft-delete"));
    }
    if (facts.retentionPolicy()) {
      advice.add(
          new Advice(
              "RetentionPolicySet",
              "the bucket's retention policy keeps snapshots from being deleted: gcloud storage"
                  + " buckets update --clear-retention-period"));
    }
    if (clusterLocation.isPresent()
        && !facts.location().isEmpty()
        && !sameLocation(facts.location(), clusterLocation.get())) {
      advice.add(
          new Advice(
              "WrongLocation",
              "the bucket is in %s, the cluster in %s: make one there"
                  .formatted(facts.location(), clusterLocation.get())));
    }
    return advice;
  }

  /** A zone lies in its region. */
  private static boolean sameLocation(String bucket, String cluster) {
    var b = bucket.toLowerCase();
    var c = cluster.toLowerCase();
    return c.equals(b) || c.startsWith(b + "-");
  }

  private static List<Condition> unusable(List<Condition> old, String reason, String message) {
    var rest = Conditions.without(Conditions.without(old, PARALLEL_UPLOAD), BUCKET_SUITABLE);
    return Conditions.with(rest, Conditions.READY, false, reason, message);
  }
}
