package dev.podsnapshot.cli;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;
import java.util.stream.Stream;

/** Where a PodSnapshot stands, read from its conditions. */
sealed interface SnapshotState {

  /** Its checkpoint has not begun. */
  record Awaiting(String detail) implements SnapshotState {}

  /** Its node takes the checkpoint. */
  record Checkpointing(String detail) implements SnapshotState {}

  /** It is written, and on its way to the bucket. */
  record Uploading(String detail) implements SnapshotState {}

  /** It can be restored. */
  record Ready() implements SnapshotState {}

  /**
   * It will never be Ready.
   *
   * @param why the real text of the node
   */
  record Failed(String why) implements SnapshotState {}

  /**
   * Its deletion was asked for.
   *
   * @param why what keeps it from going; empty if nothing is known to
   */
  record Deleting(String why) implements SnapshotState {}

  static SnapshotState of(PodSnapshot snapshot) {
    var conditions = conditions(snapshot);
    if (snapshot.getMetadata().getDeletionTimestamp() != null) {
      return new Deleting(
          Conditions.find(conditions, Conditions.READY)
              .filter(c -> "Deleting".equals(c.getReason()))
              .map(Condition::getMessage)
              .orElse(""));
    }
    if (Conditions.isTrue(conditions, Conditions.READY)) {
      return new Ready();
    }
    var failed =
        Stream.of(Conditions.CHECKPOINT, Conditions.STORAGE_REPLICATED)
            .filter(type -> Conditions.isFalse(conditions, type))
            .findFirst();
    if (failed.isPresent()) {
      return new Failed(message(conditions, failed.get()));
    }
    if (Conditions.isTrue(conditions, Conditions.CHECKPOINT)) {
      return new Uploading(message(conditions, Conditions.CHECKPOINT));
    }
    return Conditions.find(conditions, Conditions.CHECKPOINT).isPresent()
        ? new Checkpointing(message(conditions, Conditions.CHECKPOINT))
        : new Awaiting(message(conditions, Conditions.READY));
  }

  /** The column STATUS: what kubectl itself shows, but says when a snapshot is being deleted. */
  static String text(PodSnapshot snapshot) {
    if (snapshot.getMetadata().getDeletionTimestamp() != null) {
      return "Deleting";
    }
    return Conditions.find(conditions(snapshot), Conditions.READY)
        .map(Condition::getReason)
        .orElse("Pending");
  }

  static List<Condition> conditions(PodSnapshot snapshot) {
    return snapshot.getStatus() == null || snapshot.getStatus().conditions() == null
        ? List.of()
        : snapshot.getStatus().conditions();
  }

  private static String message(List<Condition> conditions, String type) {
    return Conditions.find(conditions, type).map(Condition::getMessage).orElse("");
  }
}
