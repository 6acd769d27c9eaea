package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotSpec;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.Gcs;
import dev.podsnapshot.controller.access.BucketTokens;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.PodFacts;
import dev.podsnapshot.matching.Policies;
import dev.podsnapshot.matching.PolicyFacts;
import dev.podsnapshot.matching.SpecHash;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** What a new PodSnapshot carries: all that is needed to find its files and to match it later. */
final class SnapshotFactory {
  private SnapshotFactory() {}

  /** The same cause has the same name, so that a crash between two writes makes no second one. */
  static String nameFor(String causeUid) {
    return UUID.nameUUIDFromBytes(causeUid.getBytes(StandardCharsets.UTF_8)).toString();
  }

  /** What made a snapshot. */
  sealed interface Cause {
    /** A trigger object. */
    record Object(String name, String uid) implements Cause {}

    /** The policy's own trigger; {@code text} as in the API. */
    record Policy(String text) implements Cause {}

    default String text() {
      return switch (this) {
        case Object object -> "manual";
        case Policy policy -> policy.text;
      };
    }
  }

  static PodSnapshot create(
      String name,
      Pod pod,
      PodSnapshotPolicy policy,
      PodSnapshotStorageConfig storage,
      Cause cause) {
    var labels =
        new HashMap<>(Matching.group(policy.getSpec().groupingLabels(), Policies.labels(pod)));
    labels.put(PodSnapshotApi.TEMPLATE_HASH, SpecHash.of(pod.getSpec()));
    labels.put("podsnapshot.gke.io/pod-name", truncate(pod.getMetadata().getName()));
    if (cause instanceof Cause.Object trigger) {
      labels.put(PodSnapshotApi.TRIGGERED_BY, truncate(trigger.name()));
    }
    var stop = policy.getSpec().triggerConfig().postCheckpoint() == PostCheckpoint.STOP;
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        new ObjectMetaBuilder()
            .withName(name)
            .withNamespace(pod.getMetadata().getNamespace())
            .withLabels(labels)
            .addToAnnotations(PodSnapshotApi.ORIGIN_POD, pod.getMetadata().getName())
            .addToAnnotations(PodSnapshotApi.ORIGIN_POD_UID, pod.getMetadata().getUid())
            .addToAnnotations(PodSnapshotApi.ORIGIN_NODE, pod.getSpec().getNodeName())
            .addToAnnotations(PodSnapshotApi.CREATED_AT, Instant.now().toString())
            .addToAnnotations(PodSnapshotApi.TRIGGER, cause.text())
            .addToAnnotations(PodSnapshotApi.SERVICE_ACCOUNT, BucketTokens.account(pod))
            .addToAnnotations(PodSnapshotApi.TOKEN_SOURCE, gcs(storage).source().text())
            .addToAnnotations(
                cause instanceof Cause.Object trigger
                    ? Map.of(PodSnapshotApi.TRIGGER_UID, trigger.uid())
                    : Map.of())
            .addToAnnotations(PodSnapshotApi.GCS_PATH, gcsPath(storage, name))
            .addToAnnotations(PodSnapshotApi.SCOPE, PolicyFacts.of(policy).scope())
            .addToAnnotations(PodSnapshotApi.POST_CHECKPOINT, stop ? "stop" : "resume")
            .addToAnnotations(
                PodFacts.gpus(pod) > 0
                    ? Map.of(PodSnapshotApi.GPUS, Integer.toString(PodFacts.gpus(pod)))
                    : Map.of())
            .addToAnnotations(PodSnapshotApi.CONTAINER_COUNT, Integer.toString(containerCount(pod)))
            .withFinalizers(List.of(PodSnapshotApi.FINALIZER))
            .build());
    snapshot.setSpec(new PodSnapshotSpec(policy.getMetadata().getName()));
    return snapshot;
  }

  /** {@code gs://bucket/[path/]name/}. */
  static String gcsPath(PodSnapshotStorageConfig config, String snapshot) {
    var gcs = gcs(config);
    var path = gcs.path() == null ? "" : gcs.path().replaceAll("^/+|/+$", "");
    return "gs://%s/%s%s/".formatted(gcs.bucket(), path.isEmpty() ? "" : path + "/", snapshot);
  }

  private static Gcs gcs(PodSnapshotStorageConfig config) {
    return config.getSpec().snapshotStorageConfig().gcs();
  }

  /** The sandbox's own container, and those that live as long as the Pod. */
  static int containerCount(Pod pod) {
    var sidecars =
        pod.getSpec().getInitContainers().stream()
            .filter(c -> "Always".equals(c.getRestartPolicy()))
            .count();
    return 1 + pod.getSpec().getContainers().size() + (int) sidecars;
  }

  /** Label values have at most 63 characters. */
  private static String truncate(String name) {
    return name.length() <= 63 ? name : name.substring(0, 63).replaceAll("[^A-Za-z0-9]+$", "");
  }
}
