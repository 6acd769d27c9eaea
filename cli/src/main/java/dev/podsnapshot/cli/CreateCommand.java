package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "create",
    description = {
      "Takes a snapshot of a running Pod, waits until it can be restored, and prints its name.",
      "A PodSnapshotPolicy must have selected the Pod before it started."
    })
final class CreateCommand extends ClusterCommand {
  @Parameters(paramLabel = "POD", description = "Name of the Pod.")
  private String pod;

  @Option(
      names = "--wait",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description =
          "Waits until the snapshot can be restored (the default). With --no-wait: only until it exists; its trigger is then kept.")
  private boolean wait;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5m",
      converter = WaitLimit.class,
      description = "How long to wait, for example 90s or 5m. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Option(
      names = "--keep-trigger",
      description = "Keeps the PodSnapshotManualTrigger, which is deleted otherwise.")
  private boolean keepTrigger;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "Prints the PodSnapshot as one of ${COMPLETION-CANDIDATES}, not its name.")
  private Structured output;

  @Override
  int run(Cluster cluster, Console console) throws InterruptedException {
    var trigger = new OwnTrigger(cluster, pod);
    var last = new AtomicReference<Creation>();
    try (var interruption = new Interruption(() -> interrupted(cluster, console, trigger))) {
      trigger.create();
      var end =
          Polling.until(
              timeout,
              elapsed -> {
                var creation = Creation.of(trigger.find(), trigger.snapshot());
                last.set(creation);
                if (creation instanceof Creation.UnderWay underWay) {
                  console.progress(ProgressLine.of(underWay, elapsed));
                  return !wait && underWay.stage() != Creation.Stage.TRIGGER
                      ? Optional.of(creation)
                      : Optional.empty();
                }
                return Optional.of(creation);
              });
      console.endProgress();
      var snapshot = trigger.snapshot();
      if (!keepTrigger && (wait || end.isEmpty() || end.get() instanceof Creation.Failed)) {
        trigger.delete();
      }
      return switch (end.orElse(last.get())) {
        case Creation.Done done -> print(cluster, console, done.snapshot());
        case Creation.Failed failed ->
            throw new CommandException(
                "Pod %s was not snapshotted: %s%s"
                    .formatted(
                        pod,
                        failed.why(),
                        snapshot
                            .map(s -> " (PodSnapshot %s)".formatted(s.getMetadata().getName()))
                            .orElse("")));
        case Creation.UnderWay underWay when end.isPresent() -> {
          console.note(
              "PodSnapshotManualTrigger %s is kept: while the checkpoint has not begun, its deletion calls the snapshot off"
                  .formatted(trigger.name()));
          yield print(cluster, console, snapshot.orElseThrow());
        }
        case Creation.UnderWay underWay -> throw new CommandException(late(underWay, snapshot));
      };
    }
  }

  private int print(Cluster cluster, Console console, PodSnapshot snapshot) {
    console.result(
        output == null ? snapshot.getMetadata().getName() : output.text(cluster, snapshot));
    return OK;
  }

  private String late(Creation.UnderWay underWay, Optional<PodSnapshot> snapshot) {
    var what =
        "Pod %s was not snapshotted within --timeout %s: it is still in stage %s%s"
            .formatted(
                pod,
                Ages.text(timeout),
                underWay.stage().text(),
                underWay.detail().isEmpty() ? "" : ", " + underWay.detail());
    var then =
        switch (underWay.stage()) {
          case TRIGGER -> "run kubectl podsnapshot check";
          case AWAITING_CHECKPOINT ->
              keepTrigger
                  ? "it goes on, as its trigger is kept"
                  : "it is called off; run kubectl podsnapshot check, or give it a longer --timeout";
          default ->
              "PodSnapshot %s goes on; kubectl podsnapshot describe shows how it ends"
                  .formatted(snapshot.map(s -> s.getMetadata().getName()).orElse(Table.UNKNOWN));
        };
    return what + ". Now: " + then;
  }

  private void interrupted(Cluster cluster, Console console, OwnTrigger trigger) {
    try {
      trigger.abandon();
      var snapshot = trigger.snapshot();
      if (!keepTrigger) {
        trigger.delete();
      }
      console.note(
          "interrupted: PodSnapshotManualTrigger %s is %s; %s"
              .formatted(
                  trigger.name(),
                  keepTrigger ? "kept" : "deleted",
                  snapshot
                      .map(
                          s ->
                              "PodSnapshot %s goes on if its checkpoint had begun"
                                  .formatted(s.getMetadata().getName()))
                      .orElse("no snapshot was made")));
    } catch (KubernetesClientException e) {
      console.note(
          "interrupted: PodSnapshotManualTrigger %s could not be deleted: %s"
              .formatted(
                  trigger.name(),
                  ApiFailure.text(e, cluster.client().getConfiguration().getMasterUrl())));
    }
  }
}
