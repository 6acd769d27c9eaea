package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.Gcs;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.SnapshotStorageConfig;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.TokenSource;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A snapshot can be deleted whatever else is gone, and its files go first. */
class DeletionTest {
  private Node node;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
  }

  @AfterEach
  void close() {
    node.close();
  }

  private void delete(String snapshot) {
    node.client
        .resources(PodSnapshot.class)
        .inNamespace(node.namespace)
        .withName(snapshot)
        .delete();
    node.await("the end of the object", () -> node.find(snapshot), Optional::isEmpty);
  }

  @Test
  void withItsPolicyItsStorageConfigAndItsPodGone() throws IOException {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var name = node.snapshot("first");
    node.client
        .resources(PodSnapshotPolicy.class)
        .inNamespace(node.namespace)
        .withName("app")
        .delete();
    node.client.resources(PodSnapshotStorageConfig.class).withName(node.namespace).delete();
    node.delete("first");
    assertTrue(Files.exists(node.objects(name).resolve("pages.img")), "nothing else deletes files");
    delete(name);
    assertNoFiles(node.objects(name));
  }

  @Test
  void withItsBucketGoneItSaysSo() throws Exception {
    var bucket = node.namespace + "-bucket";
    Node.createBucket(bucket);
    var storage = new PodSnapshotStorageConfig();
    storage.setMetadata(new ObjectMetaBuilder().withName(bucket).build());
    storage.setSpec(
        new PodSnapshotStorageConfigSpec(
            new SnapshotStorageConfig(new Gcs(bucket, null, TokenSource.POD_KSA))));
    node.client.resource(storage).create();
    try {
      node.policy(
          "app",
          new PodSnapshotPolicySpec(
              new LabelSelectorBuilder().addToMatchLabels("app", "app").build(),
              bucket,
              null,
              new TriggerConfig(TriggerType.MANUAL, PostCheckpoint.RESUME),
              null,
              null));
      node.run(node.pod("first", "app"));
      var name = node.snapshot("first");
      Node.removeBucket(bucket);
      delete(name);
      var event =
          node.await(
                  "the event",
                  () ->
                      node.client
                          .v1()
                          .events()
                          .inNamespace(node.namespace)
                          .withField("involvedObject.name", name)
                          .withField("reason", "BucketNotFound")
                          .list()
                          .getItems(),
                  events -> !events.isEmpty())
              .getFirst();
      assertEquals("Warning", event.getType());
      assertTrue(event.getMessage().contains("gs://" + bucket), event.getMessage());
    } finally {
      node.client.resources(PodSnapshotStorageConfig.class).withName(bucket).delete();
    }
  }

  private static void assertNoFiles(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (var files = Files.walk(folder)) {
        assertFalse(files.anyMatch(Files::isRegularFile), "files are left in " + folder);
      }
    }
  }
}
