package dev.podsnapshot.cli;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.Optional;

/** How far a snapshot that a trigger asked for has come. */
sealed interface Creation {

  /** Steps to a snapshot that can be restored, in order, with the names of the API. */
  enum Stage {
    TRIGGER("Triggered"),
    AWAITING_CHECKPOINT("AwaitingCheckpoint"),
    CHECKPOINT(Conditions.CHECKPOINT),
    STORAGE_REPLICATED(Conditions.STORAGE_REPLICATED),
    READY(Conditions.READY);

    private final String text;

    Stage(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  /** It is in this stage, which has not ended. */
  record UnderWay(Stage stage, String detail) implements Creation {}

  /** It can be restored. */
  record Done(PodSnapshot snapshot) implements Creation {}

  /** It never will be; {@code why} is the text of whoever refused or failed. */
  record Failed(String why) implements Creation {}

  /**
   * @param trigger empty if it is gone
   * @param snapshot the one that the trigger made; empty if there is none yet
   */
  static Creation of(Optional<PodSnapshotManualTrigger> trigger, Optional<PodSnapshot> snapshot) {
    var refused = trigger.flatMap(Creation::refused);
    if (refused.isPresent()) {
      return new Failed(refused.get());
    }
    if (snapshot.isEmpty()) {
      return trigger.isPresent()
          ? new UnderWay(Stage.TRIGGER, "the controller has not taken the trigger up")
          : new Failed("the trigger was deleted by somebody else before it made a snapshot");
    }
    return switch (SnapshotState.of(snapshot.get())) {
      case SnapshotState.Awaiting awaiting ->
          new UnderWay(Stage.AWAITING_CHECKPOINT, awaiting.detail());
      case SnapshotState.Checkpointing checkpointing ->
          new UnderWay(Stage.CHECKPOINT, checkpointing.detail());
      case SnapshotState.Uploading uploading ->
          new UnderWay(Stage.STORAGE_REPLICATED, "uploading; " + uploading.detail());
      case SnapshotState.Ready ready -> new Done(snapshot.get());
      case SnapshotState.Failed failed -> new Failed(failed.why());
      case SnapshotState.Deleting deleting ->
          new Failed("the snapshot was deleted while it was made");
    };
  }

  private static Optional<String> refused(PodSnapshotManualTrigger trigger) {
    return trigger.getStatus() == null
        ? Optional.empty()
        : Conditions.find(trigger.getStatus().conditions(), Conditions.TRIGGERED)
            .filter(c -> "False".equals(c.getStatus()))
            .map(Condition::getMessage);
  }
}
