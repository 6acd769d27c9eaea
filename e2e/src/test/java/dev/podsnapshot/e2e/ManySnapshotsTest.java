package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.GroupByLabelValue;
import dev.podsnapshot.api.PodSnapshotPolicySpec.GroupRetentionPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.RetentionConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotGroupingRules;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotSpec;
import dev.podsnapshot.api.PodSnapshotStatus;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.ConditionBuilder;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Retention by the real controller, over snapshots that are made by the hundred: their objects are
 * written as the controller writes them, with a file each in the bucket; no Pod is needed.
 */
@Isolated
class ManySnapshotsTest {
  private static final int SNAPSHOTS = 1000;
  private static final int GROUPS = 4;
  private static final long KEPT = 3;

  /** The object store's server walks through the whole bucket for each listing. */
  private static final int BUCKETS = 20;

  private final Map<String, Path> files = new ConcurrentHashMap<>();

  private Node node;
  private KubernetesClient asController;

  @BeforeEach
  void open() throws IOException {
    node = new Node();
    for (var i = 0; i < BUCKETS; i++) {
      Node.createBucket(bucket(i));
    }
    asController =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder(
                        Config.fromKubeconfig(
                            Files.readString(Path.of(System.getProperty("kubeconfig")))))
                    .withImpersonateUsername(
                        "system:serviceaccount:podsnapshot-system:podsnapshot-controller")
                    .build())
            .build();
  }

  @AfterEach
  void close() throws IOException {
    asController.close();
    node.close();
    for (var i = 0; i < BUCKETS; i++) {
      Node.removeBucket(bucket(i));
    }
  }

  private String bucket(int index) {
    return node.namespace + "-" + index % BUCKETS;
  }

  private void policy(Long kept, String timeout) {
    node.policy(
        "app",
        new PodSnapshotPolicySpec(
            new LabelSelectorBuilder().addToMatchLabels("app", "app").build(),
            node.namespace,
            null,
            new TriggerConfig(TriggerType.MANUAL, PostCheckpoint.RESUME),
            timeout == null ? null : new RetentionConfig(timeout),
            new SnapshotGroupingRules(
                new GroupByLabelValue(List.of("tenant"), new GroupRetentionPolicy(kept)))));
  }

  private String make(int index, Instant created, ZonedDateTime used) throws IOException {
    var name = UUID.randomUUID().toString();
    files.put(name, Node.storeObject(bucket(index), name + "/pages.img", "x"));
    var path = "gs://%s/%s/".formatted(bucket(index), name);
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        node.meta(name)
            .addToLabels("tenant", "t" + index % GROUPS)
            .addToAnnotations(PodSnapshotApi.CREATED_AT, created.toString())
            .addToAnnotations(PodSnapshotApi.GCS_PATH, path)
            .addToAnnotations(PodSnapshotApi.ORIGIN_POD, "none")
            .addToAnnotations(PodSnapshotApi.ORIGIN_POD_UID, "none")
            .addToAnnotations(PodSnapshotApi.ORIGIN_NODE, "no-such-node")
            .addToFinalizers(PodSnapshotApi.FINALIZER)
            .build());
    snapshot.setSpec(new PodSnapshotSpec("app"));
    var made = asController.resource(snapshot).create();
    var replicated =
        Conditions.with(
            Conditions.with(null, Conditions.CHECKPOINT, true, "Succeeded", "made for the test"),
            Conditions.STORAGE_REPLICATED,
            true,
            "Succeeded",
            "made for the test");
    var conditions = new ArrayList<Condition>(replicated);
    conditions.add(
        new ConditionBuilder()
            .withType(Conditions.READY)
            .withStatus("True")
            .withReason("AllSnapshotsAvailable")
            .withMessage("the snapshot can be restored")
            .withLastTransitionTime(created.truncatedTo(ChronoUnit.SECONDS).toString())
            .build());
    while (true) { // the controller writes a first status of its own
      made.setStatus(
          PodSnapshotStatus.EMPTY
              .withObservedGcsPath(path)
              .withLastAccessTime(used)
              .withConditions(conditions));
      try {
        asController.resource(made).updateStatus();
        return name;
      } catch (io.fabric8.kubernetes.client.KubernetesClientException e) {
        if (e.getCode() != 409) {
          throw e;
        }
        made = node.find(name).orElseThrow();
      }
    }
  }

  @Test
  void aThousandAtOnceLeaveExactlyTheNewestOfEachGroup() throws Exception {
    policy(KEPT, null);
    var begin = Instant.now();
    var tasks = new ArrayList<Callable<String>>();
    for (var i = 0; i < SNAPSHOTS; i++) {
      var index = i;
      tasks.add(() -> make(index, begin.plusNanos(index * 1000L), null));
    }
    var names = new ArrayList<String>();
    try (var workers = Executors.newFixedThreadPool(16)) {
      for (var made : workers.invokeAll(tasks)) {
        names.add(made.get());
      }
    }
    var kept = Set.copyOf(names.subList(SNAPSHOTS - (int) KEPT * GROUPS, SNAPSHOTS));
    Node.await(
        "retention", Duration.ofMinutes(4), node::snapshots, left -> left.size() <= KEPT * GROUPS);
    Node.sleep(3000); // one too many would go now
    assertEquals(
        kept,
        node.snapshots().stream().map(s -> s.getMetadata().getName()).collect(Collectors.toSet()));
    for (var name : names) {
      assertEquals(kept.contains(name), Files.exists(files.get(name)), name);
    }
    assertEquals(
        Set.of(true),
        node.snapshots().stream()
            .map(s -> Conditions.isTrue(s.getStatus().conditions(), Conditions.READY))
            .collect(Collectors.toSet()));
  }

  @Test
  void whatWasNotUsedForLongGoesAndWhatWasUsedStays() throws IOException {
    policy(0L, "2h");
    var now = ZonedDateTime.now(ZoneOffset.UTC).withNano(0);
    var used = make(0, now.minusDays(9).toInstant(), now.minusMinutes(5));
    var unused = make(0, now.minusDays(9).toInstant(), null);
    var stale = make(0, now.minusDays(9).toInstant(), now.minusHours(3));
    var young = make(0, now.minusMinutes(10).toInstant(), null);
    node.await("retention", node::snapshots, left -> left.size() == 2);
    assertEquals(
        new TreeSet<>(Set.of(used, young)),
        node.snapshots().stream()
            .map(s -> s.getMetadata().getName())
            .collect(Collectors.toCollection(TreeSet::new)));
    for (var gone : List.of(unused, stale)) {
      assertEquals(false, Files.exists(files.get(gone)));
    }
  }
}
