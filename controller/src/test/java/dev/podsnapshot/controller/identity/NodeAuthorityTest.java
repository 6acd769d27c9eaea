package dev.podsnapshot.controller.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.SnapshotRef;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.grpc.Status.Code;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NodeAuthorityTest {
  private static final NodeAuthority NODE = new NodeAuthority("node1");

  private static String reason(Optional<Refusal> refusal) {
    return refusal.map(Refusal::reason).orElse("allowed");
  }

  @ParameterizedTest
  @CsvSource({
    "node1, allowed",
    "node2, foreign_node",
    "NODE1, foreign_node",
    "'node1 ', foreign_node",
    "'', foreign_node"
  })
  void aNodeSpeaksAsItself(String claimed, String outcome) {
    assertEquals(outcome, reason(NODE.as(claimed)));
  }

  @ParameterizedTest
  @CsvSource({"node1, allowed", "node2, foreign_pod", ", foreign_pod"})
  void aNodeSpeaksForPodsThatAreBoundToIt(String boundTo, String outcome) {
    var pod =
        new PodBuilder()
            .withMetadata(new ObjectMetaBuilder().withName("p").withNamespace("n").build())
            .withNewSpec()
            .withNodeName(boundTo)
            .endSpec()
            .build();
    assertEquals(outcome, reason(NODE.over(pod)));
  }

  @ParameterizedTest
  @CsvSource({"node1, allowed", "node2, foreign_snapshot", ", foreign_snapshot"})
  void aNodeTellsOfSnapshotsThatWereOrderedOfIt(String origin, String outcome) {
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        new ObjectMetaBuilder()
            .withName("s")
            .withNamespace("n")
            .withAnnotations(origin == null ? null : Map.of(PodSnapshotApi.ORIGIN_NODE, origin))
            .build());
    assertEquals(outcome, reason(NODE.over(snapshot)));
  }

  @ParameterizedTest
  @CsvSource({
    "s1/, allowed",
    "a/b/s1/, allowed",
    "a/b/, foreign_files",
    "a/s2/, foreign_files",
    "a/xs1/, foreign_files",
    "a/s1, foreign_files",
    "a/s1/../s2/, foreign_files",
    "'', foreign_files",
    "/, foreign_files"
  })
  void aNodeHasTheFolderOfAGoneSnapshotDeletedAndNoOther(String prefix, String outcome) {
    assertEquals(
        outcome,
        reason(
            NODE.discarding(
                SnapshotRef.newBuilder().setNamespace("n").setName("s1").build(),
                Location.newBuilder().setBucket("b").setPrefix(prefix).build())));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "../../../secrets/x",
        "a/b",
        "a%2fb",
        "a?watch=true",
        "a#b",
        "A",
        "a b",
        "a\tb",
        "a\nb",
        "a\u0000",
        "-a",
        "a-",
        "a..b",
        "ä"
      })
  void aNameThatIsNoneIsRefused(String name) {
    assertEquals("bad_name", reason(NodeAuthority.naming("default", name)));
    assertEquals("bad_name", reason(NodeAuthority.naming(name, "pod")));
    assertEquals(Code.INVALID_ARGUMENT, NodeAuthority.naming("default", name).orElseThrow().code());
  }

  @Test
  void aPodIsReadASnapshotOfItsOwnNamespaceOnly() {
    var pod = PodRef.newBuilder().setNamespace("a").setName("pod").build();
    var snapshot = SnapshotRef.newBuilder().setName("snapshot");
    assertEquals("allowed", reason(NODE.restoring(pod, snapshot.setNamespace("a").build())));
    assertEquals(
        "foreign_snapshot", reason(NODE.restoring(pod, snapshot.setNamespace("b").build())));
  }

  @Test
  void namesOfTheClusterAreTaken() {
    for (var name : new String[] {"a", "my-pod-0", "kube.node-1", "a".repeat(253)}) {
      assertEquals("allowed", reason(NodeAuthority.naming("default", name)));
    }
    assertEquals("bad_name", reason(NodeAuthority.naming("default", "a".repeat(254))));
  }

  @Test
  void outsideOfAnAuthenticatedCallThereIsNoCaller() {
    assertThrows(IllegalStateException.class, NodeAuthority::caller);
  }
}
