package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A new Pod with the spec of another one, without what its node, owner and API server put there.
 */
final class PodCopy {
  /** Labels by which an owner knows its Pods; with them, it would take the copy for its own. */
  private static final Set<String> OWNER_LABELS =
      Set.of(
          "pod-template-hash",
          "pod-template-generation",
          "controller-revision-hash",
          "statefulset.kubernetes.io/pod-name",
          "apps.kubernetes.io/pod-index",
          "batch.kubernetes.io/controller-uid",
          "batch.kubernetes.io/job-name",
          "batch.kubernetes.io/job-completion-index",
          "controller-uid",
          "job-name");

  private static final List<String> NODE_ANNOTATIONS =
      List.of(
          "kubectl.kubernetes.io/last-applied-configuration",
          "kubernetes.io/config.",
          "cni.projectcalico.org/",
          "k8s.v1.cni.cncf.io/network-status",
          "k8s.v1.cni.cncf.io/networks-status",
          "k8s.ovn.org/pod-networks");

  private static final String TOKEN_VOLUME = "kube-api-access-";

  private PodCopy() {}

  /**
   * The copy, which asks for this snapshot.
   *
   * @param name its name
   */
  static Pod restoring(Pod origin, String name, String snapshot) {
    var clean = clean(origin, name);
    return new PodBuilder(clean)
        .editMetadata()
        .addToAnnotations(PodSnapshotApi.RESTORE_FROM, snapshot)
        .endMetadata()
        .build();
  }

  /** The copy, as its author would have written it. */
  static Pod clean(Pod origin, String name) {
    var spec = origin.getSpec();
    var builder =
        new PodBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(origin.getMetadata().getNamespace())
            .withLabels(labels(origin))
            .withAnnotations(annotations(origin))
            .endMetadata()
            .withNewSpecLike(spec)
            .withNodeName(null)
            .withPriority(null)
            .withPreemptionPolicy(null)
            .withOverhead(null)
            .withEphemeralContainers(List.of())
            .withVolumes(
                spec.getVolumes().stream()
                    .filter(v -> !v.getName().startsWith(TOKEN_VOLUME))
                    .toList())
            .withContainers(spec.getContainers().stream().map(PodCopy::withoutToken).toList())
            .withInitContainers(
                spec.getInitContainers().stream().map(PodCopy::withoutToken).toList());
    // A StatefulSet gives its Pods their own name as host name.
    if (spec.getHostname() != null
        && spec.getHostname().equals(origin.getMetadata().getName())
        && !name.equals(origin.getMetadata().getName())) {
      builder.withHostname(null);
    }
    return builder.endSpec().build();
  }

  private static Container withoutToken(Container container) {
    return container
        .edit()
        .withVolumeMounts(
            container.getVolumeMounts().stream()
                .filter(m -> !m.getName().startsWith(TOKEN_VOLUME))
                .toList())
        .build();
  }

  private static Map<String, String> labels(Pod origin) {
    var labels = origin.getMetadata().getLabels();
    return labels == null
        ? Map.of()
        : labels.entrySet().stream()
            .filter(e -> !OWNER_LABELS.contains(e.getKey()))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static Map<String, String> annotations(Pod origin) {
    var annotations = origin.getMetadata().getAnnotations();
    return annotations == null
        ? Map.of()
        : annotations.entrySet().stream()
            .filter(e -> NODE_ANNOTATIONS.stream().noneMatch(e.getKey()::startsWith))
            .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }
}
