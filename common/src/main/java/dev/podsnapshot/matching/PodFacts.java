package dev.podsnapshot.matching;

import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A Pod as matching sees it.
 *
 * @param requested the value of {@code podsnapshot.gke.io/ps-name}; empty if it has none
 * @param unsupported why a Pod of this shape can't be restored; empty if it can
 * @param gpus how many GPUs it has
 */
public record PodFacts(
    String namespace,
    String specHash,
    Map<String, String> labels,
    Optional<String> requested,
    Optional<String> unsupported,
    int gpus) {

  /** A Pod without a GPU. */
  public PodFacts(
      String namespace,
      String specHash,
      Map<String, String> labels,
      Optional<String> requested,
      Optional<String> unsupported) {
    this(namespace, specHash, labels, requested, unsupported, 0);
  }

  private static final String GPU = "nvidia.com/gpu";

  /** Parts of GPUs, and accelerators of which gVisor knows nothing (reference, section 5). */
  private static boolean isDevice(String resource) {
    return resource.startsWith("nvidia.com/mig-")
        || resource.startsWith("nvidia.com/gpu.")
        || resource.equals("google.com/tpu")
        || resource.equals("amd.com/gpu");
  }

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
        unsupported(pod),
        gpus(pod));
  }

  /** How many GPUs the Pod has. */
  public static int gpus(Pod pod) {
    return limits(pod)
        .filter(limit -> limit.getKey().equals(GPU))
        .mapToInt(limit -> limit.getValue().getNumericalAmount().intValue())
        .sum();
  }

  private static Stream<Map.Entry<String, Quantity>> limits(Pod pod) {
    return pod.getSpec().getContainers().stream()
        .map(Container::getResources)
        .filter(Objects::nonNull)
        .map(ResourceRequirements::getLimits)
        .filter(Objects::nonNull)
        .flatMap(limits -> limits.entrySet().stream());
  }

  /** Why neither a snapshot of this Pod can be taken nor a restore of it tried. */
  public static Optional<String> unsupported(Pod pod) {
    var device = limits(pod).map(Map.Entry::getKey).filter(PodFacts::isDevice).sorted().findFirst();
    if (device.isPresent()) {
      return Optional.of(
          "spec.containers[].resources.limits: the state of %s can't be saved; ask for whole GPUs (%s)"
              .formatted(device.get(), GPU));
    }
    if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork())) {
      return Optional.of(
          "spec.hostNetwork: the sandbox would keep the node's addresses; set it to false");
    }
    return Optional.empty();
  }
}
