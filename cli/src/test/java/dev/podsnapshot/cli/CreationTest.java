package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerStatus;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CreationTest {
  private static final Duration AGE = Duration.ofSeconds(3);

  @Test
  void goesThroughTheStagesInOrder() {
    assertEquals(Creation.Stage.TRIGGER, stage(null));
    assertEquals(
        Creation.Stage.AWAITING_CHECKPOINT, stage(SnapshotFixture.awaiting("s", "app", AGE)));
    assertEquals(Creation.Stage.CHECKPOINT, stage(SnapshotFixture.checkpointing("s", "app", AGE)));
    assertEquals(
        Creation.Stage.STORAGE_REPLICATED, stage(SnapshotFixture.uploading("s", "app", AGE)));
    assertInstanceOf(
        Creation.Done.class,
        Creation.of(
            Optional.of(new PodSnapshotManualTrigger()),
            Optional.of(SnapshotFixture.ready("s", "app", AGE))));
  }

  @Test
  void aRefusedTriggerHasFailedWithTheControllersText() {
    var trigger = trigger(false, "Failed", "spec.targetPod: Pod demo/web does not exist");
    assertEquals(
        new Creation.Failed("spec.targetPod: Pod demo/web does not exist"),
        Creation.of(Optional.of(trigger), Optional.empty()));
  }

  @Test
  void aFailedCheckpointIsToldWithTheNodesText() {
    var failed = SnapshotFixture.failed("s", "app", AGE, "runsc checkpoint: no space left");
    assertEquals(
        new Creation.Failed("runsc checkpoint: no space left"),
        Creation.of(Optional.of(new PodSnapshotManualTrigger()), Optional.of(failed)));
  }

  /** The trigger is complete when the checkpoint is written; the snapshot is not Ready by then. */
  @Test
  void aCompleteTriggerIsNotTheEnd() {
    var creation =
        Creation.of(
            Optional.of(trigger(true, "Complete", "the Pod was checkpointed")),
            Optional.of(SnapshotFixture.uploading("s", "app", AGE)));
    assertEquals(
        Creation.Stage.STORAGE_REPLICATED,
        assertInstanceOf(Creation.UnderWay.class, creation).stage());
  }

  @Test
  void aSnapshotThatIsDeletedMeanwhileHasFailed() {
    assertInstanceOf(
        Creation.Failed.class,
        Creation.of(
            Optional.of(new PodSnapshotManualTrigger()),
            Optional.of(SnapshotFixture.stuck("s", "app", AGE, "why"))));
  }

  @Test
  void aTriggerThatIsGoneMakesNoSnapshot() {
    assertInstanceOf(Creation.Failed.class, Creation.of(Optional.empty(), Optional.empty()));
  }

  @Test
  void theLineIsCutToTheTerminal() {
    var underWay = new Creation.UnderWay(Creation.Stage.CHECKPOINT, "the node\nis taking it");
    var line = ProgressLine.of(underWay, Duration.ofSeconds(7));
    assertEquals("[##########----------] Checkpoint 7s: the node is taking it", line.text(80));
    assertEquals(
        "PodRestored 7s",
        new ProgressLine(0, 0, "PodRestored", "", Duration.ofSeconds(7)).text(80));
    assertEquals(30, line.text(30).length());
    assertTrue(line.text(30).endsWith("…"), line.text(30));
  }

  private static Creation.Stage stage(PodSnapshot snapshot) {
    var creation =
        Creation.of(Optional.of(new PodSnapshotManualTrigger()), Optional.ofNullable(snapshot));
    return assertInstanceOf(Creation.UnderWay.class, creation).stage();
  }

  private static PodSnapshotManualTrigger trigger(boolean status, String reason, String message) {
    var trigger = new PodSnapshotManualTrigger();
    trigger.setStatus(
        new PodSnapshotManualTriggerStatus(
            Conditions.with(null, Conditions.TRIGGERED, status, reason, message), null, 1L));
    return trigger;
  }
}
