package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** How the restore of a new Pod stands, read from its status. */
sealed interface Restoration {

  /** Nobody has said yet; {@code detail} is what the Pod waits for. */
  record Waiting(String detail) implements Restoration {}

  /** {@code PodRestored} is True. */
  record Restored(String message) implements Restoration {}

  /** {@code PodRestored} is False: the Pod runs, but started cold. */
  record Cold(String reason, String message) implements Restoration {}

  /** The Pod ended before anybody said. */
  record Ended(String why) implements Restoration {}

  static Restoration of(Pod pod) {
    if (pod.getStatus() == null) {
      return new Waiting("not yet scheduled");
    }
    var restored = condition(pod, PodSnapshotApi.POD_RESTORED);
    if (restored.isPresent()) {
      var message = Optional.ofNullable(restored.get().getMessage()).orElse("");
      switch (restored.get().getStatus()) {
        case "True" -> {
          return new Restored(message);
        }
        case "False" -> {
          return new Cold(restored.get().getReason(), message);
        }
        default -> {} // under way
      }
    }
    var phase = pod.getStatus().getPhase();
    if ("Failed".equals(phase) || "Succeeded".equals(phase)) {
      return new Ended(
          "the Pod ended (%s%s)"
              .formatted(
                  phase,
                  pod.getStatus().getMessage() == null ? "" : ": " + pod.getStatus().getMessage()));
    }
    return new Waiting(waiting(pod));
  }

  private static String waiting(Pod pod) {
    var scheduled = condition(pod, "PodScheduled").filter(c -> "False".equals(c.getStatus()));
    if (scheduled.isPresent()) {
      return "not scheduled: " + scheduled.get().getMessage();
    }
    var containers =
        Optional.ofNullable(pod.getStatus().getContainerStatuses())
            .orElse(List.<ContainerStatus>of());
    var waiting =
        containers.stream()
            .filter(c -> c.getState() != null && c.getState().getWaiting() != null)
            .map(
                c -> {
                  var why = c.getState().getWaiting();
                  return "container %s: %s%s"
                      .formatted(
                          c.getName(),
                          why.getReason(),
                          why.getMessage() == null ? "" : ", " + why.getMessage());
                })
            .collect(Collectors.joining("; "));
    return waiting.isEmpty() ? "the Pod is " + pod.getStatus().getPhase() : waiting;
  }

  static Optional<PodCondition> condition(Pod pod, String type) {
    return pod.getStatus() == null || pod.getStatus().getConditions() == null
        ? Optional.empty()
        : pod.getStatus().getConditions().stream()
            .filter(c -> c.getType().equals(type))
            .findFirst();
  }
}
