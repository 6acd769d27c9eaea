package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.matching.Decision;
import dev.podsnapshot.matching.NodeFingerprint;
import dev.podsnapshot.matching.SpecHash;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExplanationTest {
  private static final NodeFingerprint THIS =
      new NodeFingerprint("release-1", "systrap", "amd64", Set.of("sse", "avx"));
  private static final NodeFingerprint OTHER =
      new NodeFingerprint("release-2", "systrap", "amd64", Set.of("sse", "avx"));

  @Test
  void theNewestMatchIsTakenAndTheOthersTellWhy() {
    var explanation =
        explain(
            pod("app", "gvisor"),
            List.of(
                matching("old", Duration.ofHours(2)),
                matching("new", Duration.ofHours(1)),
                SnapshotFixture.uploading("coming", "app", Duration.ofMinutes(1))),
            new Explanation.Target("n1", Optional.of(THIS)));
    var text = text(explanation);
    assertEquals(
        """
        Pod:        demo/web (it exists)
        Policy:     app
        Spec hash:  %s

        Node:       n1
        Would now:  restore from PodSnapshot new

        CANDIDATE   AGE    VERDICT            WHY
        coming      60s    SnapshotNotReady   PodSnapshot demo/coming is not Ready
        new         60m    Matches            it is taken
        old         120m   Matches            another one is taken"""
            .formatted(SpecHash.of(pod("app", "gvisor").getSpec())),
        text);
  }

  @Test
  void likeNodesAreToldTogetherAndOthersApart() {
    var explanation =
        assertInstanceOf(
            Explanation.Considered.class,
            explain(
                pod("app", "gvisor"),
                List.of(matching("s", Duration.ofHours(1))),
                new Explanation.Target("n1", Optional.of(THIS)),
                new Explanation.Target("n2", Optional.of(OTHER)),
                new Explanation.Target("n3", Optional.of(THIS)),
                new Explanation.Target("n4", Optional.empty())));
    assertEquals(
        List.of(List.of("n1", "n3"), List.of("n2"), List.of("n4")),
        explanation.answers().stream().map(Explanation.Answer::nodes).toList());
    var second = assertInstanceOf(Explanation.Decided.class, explanation.answers().get(1));
    assertEquals(
        Decision.Reason.NODE_MISMATCH,
        assertInstanceOf(Decision.Cold.class, second.decision()).reason());
    assertInstanceOf(Explanation.NoFingerprint.class, explanation.answers().get(2));
    assertTrue(text(explanation).contains("the Pod snapshot agent never connected from there"));
  }

  @Test
  void aPodThatIsNotUnderGvisorOrOfNoPolicyIsUntouched() {
    var target = new Explanation.Target("n1", Optional.of(THIS));
    var runc = explain(pod("app", null), List.of(), target);
    assertEquals(
        "spec.runtimeClassName is not set: only Pods under gVisor are snapshotted and restored; set it to gvisor",
        assertInstanceOf(Explanation.Untouched.class, runc).why());
    var unselected = explain(pod("unselected", "gvisor"), List.of(), target);
    var why = assertInstanceOf(Explanation.Untouched.class, unselected).why();
    assertTrue(why.contains("selects its labels (app=unselected)"), why);
  }

  @Test
  void programsReadTheSame() {
    var tree =
        output(
                explain(
                    pod("app", "gvisor"),
                    List.of(SnapshotFixture.ready("s", "app", Duration.ofHours(1))),
                    new Explanation.Target("n1", Optional.of(THIS))))
            .tree();
    var answers = (List<?>) tree.get("answers");
    var answer = (Map<?, ?>) answers.getFirst();
    assertEquals("SpecMismatch", answer.get("reason"));
    assertEquals(null, answer.get("restore"));
    var candidate = (Map<?, ?>) ((List<?>) answer.get("candidates")).getFirst();
    assertEquals("s", candidate.get("name"));
    assertEquals(false, candidate.get("matches"));
    assertEquals("SpecMismatch", candidate.get("reason"));
  }

  @Test
  void aNodesFingerprintIsReadAsTheControllerWritesIt() {
    var written =
        """
        {"runscVersion":"release-1","platform":"systrap","architecture":"amd64","cpuFeatures":["avx","sse"]}""";
    assertEquals(Optional.of(THIS), fingerprint(written));
    assertEquals(Optional.empty(), fingerprint("{\"runscVersion\":"));
    assertEquals(Optional.empty(), fingerprint("{}"));
    assertEquals(
        Optional.empty(),
        Fingerprints.of(new NodeBuilder().withNewMetadata().endMetadata().build()));
  }

  private static Optional<NodeFingerprint> fingerprint(String text) {
    return Fingerprints.of(
        new NodeBuilder()
            .withNewMetadata()
            .addToAnnotations(PodSnapshotApi.NODE_FINGERPRINT, text)
            .endMetadata()
            .build());
  }

  private static Explanation explain(
      Pod pod, List<PodSnapshot> snapshots, Explanation.Target... targets) {
    return Explanation.of(pod, List.of(SnapshotFixture.policy("app")), snapshots, List.of(targets));
  }

  private static String text(Explanation explanation) {
    return output(explanation).text();
  }

  private static ExplanationText output(Explanation explanation) {
    return new ExplanationText(
        pod("app", "gvisor"), "it exists", Optional.empty(), explanation, SnapshotFixture.NOW);
  }

  private static Pod pod(String app, String runtimeClass) {
    return new PodBuilder()
        .withNewMetadata()
        .withName("web")
        .withNamespace("demo")
        .addToLabels("app", app)
        .endMetadata()
        .withNewSpec()
        .withRuntimeClassName(runtimeClass)
        .addNewContainer()
        .withName("main")
        .withImage("registry/app:1")
        .endContainer()
        .endSpec()
        .build();
  }

  private static PodSnapshot matching(String name, Duration age) {
    var snapshot = SnapshotFixture.ready(name, "app", age);
    var labels = snapshot.getMetadata().getLabels();
    labels.put(PodSnapshotApi.TEMPLATE_HASH, SpecHash.of(pod("app", "gvisor").getSpec()));
    labels.put(PodSnapshotApi.RUNSC_VERSION, "release-1");
    labels.put(PodSnapshotApi.RUNSC_PLATFORM, "systrap");
    labels.put(PodSnapshotApi.ARCHITECTURE, "amd64");
    snapshot.getMetadata().getAnnotations().put(PodSnapshotApi.CPU_FEATURES, "avx sse");
    return snapshot;
  }
}
