package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.fabric8.kubernetes.api.model.Condition;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * What the status says of a bucket, and what that means for its snapshots: seen through a proxy in
 * front of the object store, which the controller is pointed at.
 */
@Isolated
class StorageConfigTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SUITABLE =
      """
      {"hierarchicalNamespace": {"enabled": true}, "location": "EUROPE-WEST4", "storageClass": "STANDARD",
       "iamConfiguration": {"uniformBucketLevelAccess": {"enabled": true}}, "softDeletePolicy": {"retentionDurationSeconds": "0"}}
      """;
  private static StoreProxy proxy;
  private static Deployed controller;

  private Node node;

  @BeforeAll
  static void pointTheControllerAtTheProxy() throws IOException {
    proxy = new StoreProxy("http://10.87.0.2:4443");
    controller =
        Deployed.controllerWith(
            Map.of(
                "PODSNAPSHOT_STORE_ENDPOINT",
                proxy.endpoint(),
                "PODSNAPSHOT_BUCKET_CHECK_INTERVAL",
                "1s",
                "PODSNAPSHOT_BUCKET_CHECK_CLUSTER_LOCATION",
                "europe-west4"));
  }

  @AfterAll
  static void pointItBack() {
    controller.close();
    proxy.close();
  }

  @BeforeEach
  void open() throws IOException {
    proxy.bucket(SUITABLE);
    proxy.deny();
    proxy.obey();
    node = new Node();
  }

  @AfterEach
  void close() {
    proxy.obey();
    node.close();
  }

  private void expect(String type, String status, String reason, String text) {
    node.await(
        "%s=%s/%s with '%s'".formatted(type, status, reason, text),
        () ->
            Optional.ofNullable(
                    node.client
                        .resources(PodSnapshotStorageConfig.class)
                        .withName(node.namespace)
                        .get()
                        .getStatus())
                .flatMap(s -> Conditions.find(s.conditions(), type))
                .orElse(null),
        c ->
            status.equals(c.getStatus())
                && reason.equals(c.getReason())
                && c.getMessage().contains(text));
  }

  @Test
  void eachPropertyThatSlowsOrCostsIsNamedWithItsRemedy() throws IOException {
    expect("BucketSuitable", "True", "Suitable", "as the guide wants it");
    expect("ParallelUpload", "True", "Allowed", "in parallel");
    expect("Ready", "True", "BucketAvailable", "can be used");

    change("{\"hierarchicalNamespace\": {\"enabled\": false}}");
    expect(
        "BucketSuitable",
        "False",
        "HierarchicalNamespaceDisabled",
        "--enable-hierarchical-namespace");
    change("{\"iamConfiguration\": {\"uniformBucketLevelAccess\": {\"enabled\": false}}}");
    expect("BucketSuitable", "False", "UniformAccessDisabled", "--uniform-bucket-level-access");
    change("{\"softDeletePolicy\": {\"retentionDurationSeconds\": \"604800\"}}");
    expect("BucketSuitable", "False", "SoftDeleteEnabled", "--clear-soft-delete");
    expect("ParallelUpload", "False", "Harmful", "soft delete on (604800 s)");
    change("{\"retentionPolicy\": {\"retentionPeriod\": \"3600\"}}");
    expect("BucketSuitable", "False", "RetentionPolicySet", "--clear-retention-period");
    expect("ParallelUpload", "False", "Harmful", "retention policy");
    change("{\"location\": \"US-EAST1\"}");
    expect("BucketSuitable", "False", "WrongLocation", "US-EAST1, the cluster in europe-west4");
    change("{\"storageClass\": \"NEARLINE\"}");
    expect("ParallelUpload", "False", "Harmful", "NEARLINE, not STANDARD");
    change("{\"defaultEventBasedHold\": true}");
    expect("ParallelUpload", "False", "Harmful", "default event-based hold");
    expect("Ready", "True", "BucketAvailable", "can be used");
    change("{}");
    expect("ParallelUpload", "True", "Allowed", "in parallel");
  }

  private static void change(String json) throws IOException {
    var bucket = (ObjectNode) JSON.readTree(SUITABLE);
    bucket.setAll((ObjectNode) JSON.readTree(json));
    proxy.bucket(bucket.toString());
  }

  @Test
  void whatMakesABucketUnusableMakesItsPoliciesAndTriggersSaySo() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    for (var permission :
        List.of(
            "storage.buckets.get",
            "storage.objects.create",
            "storage.objects.get",
            "storage.objects.list",
            "storage.objects.delete")) {
      proxy.deny(permission);
      expect("Ready", "False", "PermissionDenied", permission);
    }
    node.await(
        "the policy to follow",
        () -> policyReady(),
        c -> "False".equals(c.getStatus()) && "StorageConfigNotReady".equals(c.getReason()));
    node.run(node.pod("pod", "app"));
    var refused = node.trigger("refused", "pod").getStatus();
    assertTrue(Conditions.isFalse(refused.conditions(), Conditions.TRIGGERED));
    assertTrue(refused.toString().contains("storage.objects.delete"), refused.toString());

    proxy.deny();
    proxy.refuse(403, "GET", "/storage/v1/b/podsnapshots");
    expect("Ready", "False", "PermissionDenied", "roles/storage.bucketViewer");
    proxy.refuse(404, "GET", "/storage/v1/b/podsnapshots");
    expect("Ready", "False", "BucketNotFound", "gs://podsnapshots does not exist");
    proxy.refuse(503, "GET", "/storage/v1/b/podsnapshots");
    expect("Ready", "False", "StoreUnavailable", "can't be looked at");
    proxy.obey();
    expect("Ready", "True", "BucketAvailable", "can be used");
    node.await("the policy to follow", this::policyReady, c -> "True".equals(c.getStatus()));
  }

  private Condition policyReady() {
    return Conditions.find(
            node.client
                .resources(PodSnapshotPolicy.class)
                .inNamespace(node.namespace)
                .withName("app")
                .get()
                .getStatus()
                .conditions(),
            Conditions.READY)
        .orElseThrow();
  }

  @Test
  void filesThatCanNotBeDeletedHoldTheObjectAndItSaysWhy() {
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    var name = node.snapshot("first");
    proxy.refuse(403, "DELETE", ".*");
    node.client.resources(PodSnapshot.class).inNamespace(node.namespace).withName(name).delete();
    var held =
        node.await(
            "the reason",
            () ->
                node.find(name)
                    .flatMap(s -> Conditions.find(s.getStatus().conditions(), Conditions.READY)),
            c -> c.filter(r -> "Deleting".equals(r.getReason())).isPresent());
    assertTrue(
        held.orElseThrow().getMessage().contains("storage.objects.delete"),
        held.orElseThrow().getMessage());
    assertTrue(held.orElseThrow().getMessage().contains("docs/deletion.md"));
    assertTrue(Files.exists(node.objects(name).resolve("pages.img")));
    proxy.obey();
    node.await("the end of the object", () -> node.find(name), Optional::isEmpty);
    assertEquals(false, Files.exists(node.objects(name).resolve("pages.img")));
  }
}
