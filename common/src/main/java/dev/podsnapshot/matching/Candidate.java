package dev.podsnapshot.matching;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * A PodSnapshot as matching sees it.
 *
 * @param deleting whether its deletion was asked for
 * @param scope {@code whole-pod} or {@code rootfs-only}
 * @param group the grouping labels that it carries
 * @param fingerprint null if its checkpoint has not ended
 * @param gpus how many GPUs its Pod has
 */
public record Candidate(
    String name,
    String policy,
    Instant created,
    boolean ready,
    boolean deleting,
    String scope,
    String specHash,
    Map<String, String> group,
    NodeFingerprint fingerprint,
    int gpus) {

  /** Of a Pod without a GPU. */
  public Candidate(
      String name,
      String policy,
      Instant created,
      boolean ready,
      boolean deleting,
      String scope,
      String specHash,
      Map<String, String> group,
      NodeFingerprint fingerprint) {
    this(name, policy, created, ready, deleting, scope, specHash, group, fingerprint, 0);
  }

  public static Candidate of(PodSnapshot snapshot) {
    var meta = snapshot.getMetadata();
    var labels = meta.getLabels() == null ? Map.<String, String>of() : meta.getLabels();
    var annotations =
        meta.getAnnotations() == null ? Map.<String, String>of() : meta.getAnnotations();
    var features = annotations.get(PodSnapshotApi.CPU_FEATURES);
    return new Candidate(
        meta.getName(),
        snapshot.getSpec().policyName(),
        SnapshotAge.created(snapshot),
        snapshot.getStatus() != null
            && Conditions.isTrue(snapshot.getStatus().conditions(), Conditions.READY),
        meta.getDeletionTimestamp() != null,
        annotations.getOrDefault(PodSnapshotApi.SCOPE, "whole-pod"),
        labels.getOrDefault(PodSnapshotApi.TEMPLATE_HASH, ""),
        labels,
        features == null
            ? null
            : new NodeFingerprint(
                labels.getOrDefault(PodSnapshotApi.RUNSC_VERSION, ""),
                labels.getOrDefault(PodSnapshotApi.RUNSC_PLATFORM, ""),
                labels.getOrDefault(PodSnapshotApi.ARCHITECTURE, ""),
                Set.of(features.split(" ")),
                new Gpu(
                    labels.getOrDefault(PodSnapshotApi.GPU_DRIVER, ""),
                    labels.getOrDefault(PodSnapshotApi.GPU_MODEL, ""))),
        Integer.parseInt(annotations.getOrDefault(PodSnapshotApi.GPUS, "0")));
  }
}
