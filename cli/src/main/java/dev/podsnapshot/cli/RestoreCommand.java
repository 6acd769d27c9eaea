package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.matching.Policies;
import dev.podsnapshot.matching.Selectors;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.ReplicaSet;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "restore",
    description = {
      "Makes a new Pod from a PodSnapshot and waits until it is restored.",
      "The new Pod has the specification of the Pod that the snapshot was taken of. Should it start cold, it runs on; the reason is printed, and the exit code is 1."
    })
final class RestoreCommand extends ClusterCommand {
  @Parameters(paramLabel = "SNAPSHOT", description = "Name of the PodSnapshot.")
  private String name;

  @Option(
      names = {"-f", "--filename"},
      paramLabel = "FILE",
      description =
          "The Pod's manifest, - is the standard input; without it, the origin Pod is copied, which must still exist.")
  private Path file;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the new Pod; without it, the origin's with a random end.")
  private String podName;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5m",
      converter = WaitLimit.class,
      description = "How long to wait, for example 90s or 5m. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "Prints the restored Pod as one of ${COMPLETION-CANDIDATES}.")
  private Structured output;

  @Override
  int run(Cluster cluster, Console console) throws InterruptedException {
    var snapshot = cluster.existingSnapshot(name);
    requireReady(snapshot);
    var origin = file == null ? origin(cluster, snapshot) : cluster.read(file);
    var originName = origin.getMetadata().getName() == null ? name : origin.getMetadata().getName();
    var copy =
        PodCopy.restoring(origin, podName == null ? PodNames.like(originName) : podName, name);
    requirePolicy(cluster, copy);
    requireNoAdoption(cluster, origin, copy);
    var created = cluster.client().resource(copy).create().getMetadata().getName();
    var last = new AtomicReference<Restoration>(new Restoration.Waiting(""));
    try (var interruption =
        new Interruption(
            () -> console.note("interrupted: Pod %s stays and goes on".formatted(created)))) {
      var end =
          Polling.until(
              timeout,
              elapsed -> {
                var restoration =
                    cluster
                        .pod(created)
                        .map(Restoration::of)
                        .orElse(new Restoration.Ended("the Pod was deleted by somebody else"));
                last.set(restoration);
                if (restoration instanceof Restoration.Waiting waiting) {
                  console.progress(
                      new ProgressLine(
                          0, 0, PodSnapshotApi.POD_RESTORED, waiting.detail(), elapsed));
                  return Optional.empty();
                }
                return Optional.of(restoration);
              });
      console.endProgress();
      return switch (end.orElse(last.get())) {
        case Restoration.Restored restored -> {
          console.result(
              output == null
                  ? "pod/%s %s".formatted(created, restored.message())
                  : output.text(cluster, cluster.pod(created).orElseThrow()));
          yield OK;
        }
        case Restoration.Cold cold ->
            throw new CommandException(
                "Pod %s runs, but was not restored: %s: %s"
                    .formatted(created, cold.reason(), cold.message()));
        case Restoration.Ended ended ->
            throw new CommandException(
                "Pod %s was not restored: %s".formatted(created, ended.why()));
        case Restoration.Waiting waiting ->
            throw new CommandException(
                "Pod %s was not restored within --timeout %s: %s. Now: kubectl describe pod -n %s %s"
                    .formatted(
                        created,
                        Ages.text(timeout),
                        waiting.detail(),
                        cluster.namespace(),
                        created));
      };
    }
  }

  private void requireReady(PodSnapshot snapshot) {
    var why =
        switch (SnapshotState.of(snapshot)) {
          case SnapshotState.Ready ready -> "";
          case SnapshotState.Failed failed -> "it failed: " + failed.why();
          case SnapshotState.Deleting deleting -> "it is being deleted";
          case SnapshotState.Awaiting awaiting -> "its checkpoint has not begun";
          case SnapshotState.Checkpointing checkpointing -> "its checkpoint is under way";
          case SnapshotState.Uploading uploading -> "it is being uploaded; wait for it";
        };
    if (!why.isEmpty()) {
      throw new CommandException("PodSnapshot %s can't be restored: %s".formatted(name, why));
    }
  }

  private Pod origin(Cluster cluster, PodSnapshot snapshot) {
    var origin = SnapshotTable.annotation(snapshot, PodSnapshotApi.ORIGIN_POD);
    return cluster
        .pod(origin)
        .orElseThrow(
            () ->
                new CommandException(
                    "Pod %s, which the snapshot was taken of, is gone: give its manifest with -f"
                        .formatted(origin)));
  }

  /** Nobody would ever restore a Pod that no policy selects, nor say so. */
  private static void requirePolicy(Cluster cluster, Pod copy) {
    if (Policies.governing(copy, cluster.policies()).isEmpty()) {
      throw new CommandException(
          "no PodSnapshotPolicy in namespace %s selects the new Pod's labels (%s): create one, or give it other labels with -f"
              .formatted(cluster.namespace(), PrunePlan.text(Policies.labels(copy))));
    }
  }

  /**
   * A controller takes Pods that its selector selects for its own, and deletes what is too many.
   */
  private static void requireNoAdoption(Cluster cluster, Pod origin, Pod copy) {
    for (var owner : origin.getMetadata().getOwnerReferences()) {
      if (Boolean.TRUE.equals(owner.getController())
          && selector(cluster, owner)
              .filter(s -> Selectors.selects(s, Policies.labels(copy)))
              .isPresent()) {
        throw new CommandException(
            "%s %s would take the new Pod for its own and may delete it: its selector selects the labels %s; give a manifest with other labels with -f"
                .formatted(
                    owner.getKind(), owner.getName(), PrunePlan.text(Policies.labels(copy))));
      }
    }
  }

  private static Optional<LabelSelector> selector(Cluster cluster, OwnerReference owner) {
    var apps = cluster.client().apps();
    return switch (owner.getKind()) {
      case "ReplicaSet" ->
          Optional.ofNullable(
                  apps.replicaSets()
                      .inNamespace(cluster.namespace())
                      .withName(owner.getName())
                      .get())
              .map((ReplicaSet set) -> set.getSpec().getSelector());
      case "DaemonSet" ->
          Optional.ofNullable(
                  apps.daemonSets()
                      .inNamespace(cluster.namespace())
                      .withName(owner.getName())
                      .get())
              .map((DaemonSet set) -> set.getSpec().getSelector());
      default -> Optional.empty(); // they know their Pods by labels or names that the copy lacks
    };
  }
}
