package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import org.junit.jupiter.api.Test;

class RestorationTest {
  @Test
  void theConditionDecides() {
    assertEquals(
        new Restoration.Restored("restored from PodSnapshot demo/s"),
        Restoration.of(
            pod("Running", "PodRestored", "True", "Restored", "restored from PodSnapshot demo/s")));
    assertEquals(
        new Restoration.Cold("SpecMismatch", "another image"),
        Restoration.of(pod("Running", "PodRestored", "False", "SpecMismatch", "another image")));
  }

  /** It can come after the Pod has ended: what it says is still true. */
  @Test
  void theConditionDecidesEvenIfThePodHasEnded() {
    assertInstanceOf(
        Restoration.Restored.class,
        Restoration.of(pod("Succeeded", "PodRestored", "True", "Restored", "x")));
  }

  @Test
  void aRunningPodOfWhichNothingWasSaidIsWaitedFor() {
    assertInstanceOf(
        Restoration.Waiting.class, Restoration.of(pod("Running", "Ready", "True", "", "")));
    assertInstanceOf(
        Restoration.Waiting.class,
        Restoration.of(pod("Running", "PodRestored", "Unknown", "Restoring", "")));
    assertInstanceOf(Restoration.Waiting.class, Restoration.of(new Pod()));
  }

  @Test
  void thePodThatEndedIsNot() {
    assertInstanceOf(
        Restoration.Ended.class, Restoration.of(pod("Failed", "Ready", "False", "", "")));
  }

  @Test
  void tellsWhatThePodWaitsFor() {
    var pending = pod("Pending", "PodScheduled", "False", "Unschedulable", "0/1 nodes: no room");
    assertEquals(
        new Restoration.Waiting("not scheduled: 0/1 nodes: no room"), Restoration.of(pending));
    var pulling =
        new PodBuilder(pod("Pending", "PodScheduled", "True", "", ""))
            .editStatus()
            .addNewContainerStatus()
            .withName("main")
            .withNewState()
            .withNewWaiting("no such image", "ImagePullBackOff")
            .endState()
            .endContainerStatus()
            .endStatus()
            .build();
    var detail = assertInstanceOf(Restoration.Waiting.class, Restoration.of(pulling)).detail();
    assertTrue(detail.startsWith("container main: ImagePullBackOff"), detail);
  }

  private static Pod pod(String phase, String type, String status, String reason, String message) {
    return new PodBuilder()
        .withNewStatus()
        .withPhase(phase)
        .addNewCondition()
        .withType(type)
        .withStatus(status)
        .withReason(reason)
        .withMessage(message)
        .endCondition()
        .endStatus()
        .build();
  }
}
