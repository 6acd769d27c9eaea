package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The page "Restore from a Pod snapshot", from its first manifest to its last command, as a user
 * types it: its text is in {@code src/test/resources/seed}, and only the names that the page leaves
 * open are filled in. One command is left out, {@code kubectl get podsnapshots.gke.io}: kubectl
 * itself finds no such resource, on GKE neither; {@code podsnapshots} is meant.
 */
class SeedPageTest {
  private static final Pattern SNAPSHOT_ROW =
      Pattern.compile(
          "(?m)^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) +AllSnapshotsAvailable +example-pod-snapshot-policy ");

  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    kubectl("delete podsnapshotpolicies.podsnapshot.gke.io --all --namespace=NAMESPACE");
    node.close();
    Kubectl.run("delete", "pssc", "example-pod-snapshot-storage-config", "--ignore-not-found");
  }

  private String fill(String text) {
    var filled = text;
    for (var name :
        Map.of(
                "NAMESPACE",
                node.namespace,
                "BUCKET_NAME",
                "podsnapshots",
                "FOLDER_PATH",
                node.namespace + "/snapshots",
                "KSA_NAME",
                "my-ksa")
            .entrySet()) {
      filled = filled.replace(name.getKey(), name.getValue());
    }
    return filled;
  }

  private String page(String file) throws IOException {
    try (var in = getClass().getResourceAsStream("/seed/" + file)) {
      return fill(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private void apply(String manifest) {
    Kubectl.apply(manifest, node.namespace);
  }

  private String kubectl(String words) {
    return Kubectl.run(
        Arrays.stream(fill(words).split(" ")).map(w -> w.replace("\"", "")).toArray(String[]::new));
  }

  private String logs(String pod, String text) {
    return node.await(
        "'%s' in the log of %s".formatted(text, pod),
        () -> {
          try {
            return kubectl("logs " + pod + " --namespace NAMESPACE");
          } catch (Kubectl.FailedException e) {
            return "";
          }
        },
        log -> log.contains(text));
  }

  private String event(String pod, String text) {
    return node.await(
        "the event of " + pod,
        () ->
            kubectl(
                "get events -o custom-columns=NAME:involvedObject.name,CREATIONTIME:.metadata.creationTimestamp,REASON:.reason,MESSAGE:.message"
                    + " --namespace NAMESPACE --field-selector involvedObject.name="
                    + pod
                    + ",reason=GKEPodSnapshotting"),
        events -> events.contains(text));
  }

  private List<String> readySnapshots() {
    return SNAPSHOT_ROW
        .matcher(kubectl("get podsnapshots.podsnapshot.gke.io --namespace NAMESPACE"))
        .results()
        .map(r -> r.group(1))
        .toList();
  }

  @Test
  void everythingOnThePageWorks() throws IOException {
    kubectl("create serviceaccount \"KSA_NAME\" --namespace \"NAMESPACE\"");
    apply(page("example-pod-snapshot-storage-config.yaml"));
    apply(page("example-pod-snapshot-policy.yaml"));
    kubectl(
        "wait --for=condition=Ready podsnapshotpolicy/example-pod-snapshot-policy -n NAMESPACE");

    // From the workload, at its 20th count.
    apply(page("my-app.yaml"));
    logs("my-app", "GKE Pod Snapshot: resume");
    var snapshot =
        node.await("the row of the snapshot", this::readySnapshots, rows -> rows.size() == 1)
            .getFirst();
    event("my-app", "Successfully checkpointed the pod to PodSnapshot");

    // Restore by deleting and applying again.
    kubectl("delete pod my-app --namespace NAMESPACE --grace-period=1");
    apply(page("my-app.yaml"));
    var restored = logs("my-app", "GKE Pod Snapshot: restore");
    assertFalse(restored.contains("Count: 19"), "the counting before the snapshot is not repeated");
    logs("my-app", "Count: 21");
    event("my-app", "Successfully restored the pod from PodSnapshot");

    // A second one by hand, of a Pod of the same application.
    apply(page("my-app.yaml").replace("name: my-app", "name: my-pod"));
    logs("my-pod", "GKE Pod Snapshot: restore");
    apply(page("example-manual-trigger.yaml"));
    node.await(
        "the trigger's status",
        () ->
            kubectl(
                "get podsnapshotmanualtriggers.podsnapshot.gke.io example-manual-trigger -n NAMESPACE -o yaml"),
        yaml -> yaml.contains("type: Triggered") && yaml.contains("reason: Complete"));
    var both = node.await("both snapshots", this::readySnapshots, rows -> rows.size() == 2);
    assertTrue(both.contains(snapshot));

    // From a chosen one, though a newer one is there.
    apply(
        page("my-app.yaml")
            .replace("name: my-app\n", "name: my-chosen\n")
            .replace(
                "  labels:\n",
                "  annotations:\n    podsnapshot.gke.io/ps-name: \"%s\"\n  labels:\n"
                    .formatted(snapshot)));
    event(
        "my-chosen",
        "Successfully restored the pod from PodSnapshot " + node.namespace + "/" + snapshot);

    // Deleting a snapshot deletes its files, deleting the policy ends it all for new Pods.
    kubectl("delete podsnapshots.podsnapshot.gke.io " + snapshot + " --namespace=NAMESPACE");
    assertFalse(java.nio.file.Files.exists(node.objects(snapshot).resolve("pages.img")));
    kubectl(
        "delete podsnapshotpolicies.podsnapshot.gke.io example-pod-snapshot-policy --namespace=NAMESPACE");
    kubectl("delete pod my-app --namespace NAMESPACE --grace-period=1");
    apply(page("my-app.yaml"));
    var disabled = logs("my-app", "Count: 21");
    assertTrue(disabled.contains("Count: 19"), "a cold start");
    // The file that the page expects to be absent is there in this gVisor, and refuses to be
    // opened; the page's
    // program takes that for an OSError and says nothing.
    assertFalse(disabled.contains("GKE Pod Snapshot: "), disabled);
  }
}
