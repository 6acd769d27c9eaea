package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DescriptionTest {
  @Test
  void tellsAllFields() {
    var snapshot =
        SnapshotFixture.labelled(
            SnapshotFixture.ready("s", "app", Duration.ofHours(5)), "user", "x");
    fingerprinted(snapshot);
    var text =
        text(
            snapshot,
            Optional.of(SnapshotFixture.policy("app", "user")),
            List.of(node("n1", "release-1"), node("n2", "release-2")));
    line(text, "Name:              s");
    line(text, "Status:            AllSnapshotsAvailable");
    line(text, "Group:             {user=x} of [user]");
    line(text, "Size:              40.0MiB (41943040 bytes)");
    line(text, "Created:           2026-11-24T07:00:00Z (5h ago)");
    line(text, "Last access:       <never>");
    line(text, "Origin Pod:        web");
    line(text, "Spec hash:         v1-abc");
    line(text, "Path:              gs://bucket/s/");
    line(text, "  gVisor:          release-1");
    line(text, "  Fits nodes:      n1 (1 of 2)");
    line(text, "  CPU features:    2");
    line(text, "    avx sse");
    assertTrue(text.contains("\nConditions:\n  TYPE"), text);
    assertTrue(text.contains("\nEvents:\n  AGE"), text);
    assertTrue(text.endsWith("60s   Normal   GKEPodSnapshotting   Pod/web   Successfully did it"));
  }

  @Test
  void tellsWhatIsMissing() {
    var failed = SnapshotFixture.failed("s", "gone", Duration.ofHours(5), "no space left");
    var text =
        new Description(
                failed,
                Optional.empty(),
                new Lookup.Refused<>("forbidden"),
                List.of(),
                SnapshotFixture.NOW)
            .text();
    line(text, "Status:            Failed: no space left");
    line(text, "Policy:            gone (is gone: no Pod is restored from this)");
    line(text, "Size:              <unknown>");
    line(text, "Events:            <none>");
    assertTrue(text.contains("Fingerprint:       <none>"), text);
  }

  @Test
  void tellsWhyItIsStillThere() {
    var stuck = SnapshotFixture.stuck("s", "app", Duration.ofHours(5), "403 Forbidden");
    line(
        text(stuck, Optional.of(SnapshotFixture.policy("app")), List.of()),
        "Status:            Deleting: 403 Forbidden");
  }

  private static void line(String text, String line) {
    assertEquals(1, text.lines().filter(line::equals).count(), () -> line + " is not in\n" + text);
  }

  private static String text(
      PodSnapshot snapshot, Optional<PodSnapshotPolicy> policy, List<Node> nodes) {
    return new Description(
            snapshot, policy, Lookup.of(nodes), List.of(event()), SnapshotFixture.NOW)
        .text();
  }

  private static Event event() {
    return new EventBuilder()
        .withType("Normal")
        .withReason("GKEPodSnapshotting")
        .withMessage("Successfully did it")
        .withLastTimestamp(SnapshotFixture.NOW.minusSeconds(60).toString())
        .withNewInvolvedObject()
        .withKind("Pod")
        .withName("web")
        .endInvolvedObject()
        .build();
  }

  private static void fingerprinted(PodSnapshot snapshot) {
    var labels = snapshot.getMetadata().getLabels();
    labels.put(PodSnapshotApi.RUNSC_VERSION, "release-1");
    labels.put(PodSnapshotApi.RUNSC_PLATFORM, "systrap");
    labels.put(PodSnapshotApi.ARCHITECTURE, "amd64");
    snapshot.getMetadata().getAnnotations().put(PodSnapshotApi.CPU_FEATURES, "sse avx");
  }

  private static Node node(String name, String runsc) {
    return new NodeBuilder()
        .withNewMetadata()
        .withName(name)
        .addToAnnotations(
            PodSnapshotApi.NODE_FINGERPRINT,
            "{\"runscVersion\":\"%s\",\"platform\":\"systrap\",\"architecture\":\"amd64\",\"cpuFeatures\":[\"sse\",\"avx\",\"more\"]}"
                .formatted(runsc))
        .endMetadata()
        .build();
  }
}
