package dev.podsnapshot.matching;

import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Map;
import java.util.Optional;

/**
 * A Pod as matching sees it.
 *
 * @param requested the value of {@code podsnapshot.gke.io/ps-name}; empty if it has none
 * @param unsupported why a Pod of this shape can't be restored; empty if it can
 */
public record PodFacts(
    String namespace,
    String specHash,
    Map<String, String> labels,
    Optional<String> requested,
    Optional<String> unsupported) {

  public static PodFacts of(Pod pod) {
    var annotations =
        pod.getMetadata().getAnnotations() == null
            ? Map.<String, String>of()
            : pod.getMetadata().getAnnotations();
    return new PodFacts(
        pod.getMetadata().getNamespace(),
        SpecHash.of(pod.getSpec()),
        Policies.labels(pod),
        Optional.ofNullable(annotations.get(PodSnapshotApi.RESTORE_FROM)),
        unsupported(pod));
  }

  /** Why neither a snapshot of this Pod can be taken nor a restore of it tried. */
  public static Optional<String> unsupported(Pod pod) {
    if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork())) {
      return Optional.of(
          "spec.hostNetwork: the sandbox would keep the node's addresses; set it to false");
    }
    return Optional.empty();
  }
}
