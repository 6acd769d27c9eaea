package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotScope;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotSpec;
import dev.podsnapshot.grpc.BucketTokenRequest;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.FleetGrpc;
import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.grpc.MatchRequest;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.ReplicationReport;
import dev.podsnapshot.grpc.RestoreReport;
import dev.podsnapshot.grpc.SnapshotRef;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.quarkus.test.kubernetes.client.KubernetesServer;
import io.quarkus.test.kubernetes.client.KubernetesTestServer;
import io.quarkus.test.kubernetes.client.WithKubernetesTestServer;
import io.smallrye.common.annotation.Blocking;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.TimeoutException;
import io.smallrye.mutiny.Uni;
import jakarta.inject.Inject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The nodes' real client against the real server, over TLS, each call from node1: what it may say,
 * and that nobody else may say anything. The API server is a mock, for which a token is valid if it
 * begins with the name of a node.
 */
@QuarkusTest
@TestProfile(FleetProfile.class)
@WithKubernetesTestServer
class FleetServiceTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String AGENT = "system:serviceaccount:%s:pod-snapshot-agent";

  @KubernetesTestServer KubernetesServer apiServer;
  @Inject KubernetesClient client;
  @Inject MeterRegistry metrics;

  @GrpcClient("fleet")
  Fleet fleet;

  @ConfigProperty(name = "podsnapshot.fleet.token")
  Path token;

  @ConfigProperty(name = "podsnapshot.fleet.authorities")
  Path authorities;

  @ConfigProperty(name = "quarkus.grpc.server.test-port")
  int port;

  private static final AtomicInteger REVIEWS = new AtomicInteger();

  @BeforeEach
  void theNodeHasWhatKubeletGivesIt() throws Exception {
    apiServer
        .expect()
        .post()
        .withPath("/apis/authentication.k8s.io/v1/tokenreviews")
        .andReply(
            201,
            request -> {
              REVIEWS.incrementAndGet();
              return answer(
                  Serialization.unmarshal(request.getBody().readUtf8(), TokenReview.class));
            })
        .always();
    var deadline = System.nanoTime() + PATIENCE.toNanos();
    while (client.configMaps().withName("podsnapshot-ca").get() == null) {
      assertTrue(System.nanoTime() < deadline, "no authority is published");
      Thread.sleep(100);
    }
    Files.writeString(
        authorities, client.configMaps().withName("podsnapshot-ca").get().getData().get("ca.crt"));
    callAs("node1");
  }

  /** A new token of the node, as kubelet writes one from time to time. */
  private void callAs(String node) throws IOException {
    Files.writeString(token, node + " " + UUID.randomUUID());
  }

  private TokenReview answer(TokenReview question) {
    var node = question.getSpec().getToken().split(" ")[0];
    return new TokenReviewBuilder(question)
        .withNewStatus()
        .withAuthenticated(node.startsWith("node"))
        .withAudiences(question.getSpec().getAudiences())
        .withNewUser()
        .withUsername(AGENT.formatted(client.getNamespace()))
        .withExtra(Map.of("authentication.kubernetes.io/node-name", List.of(node)))
        .endUser()
        .endStatus()
        .build();
  }

  private Pod podOn(String node) {
    return client
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName("pod-" + UUID.randomUUID())
                .withUid(UUID.randomUUID().toString())
                .endMetadata()
                .withNewSpec()
                .withNodeName(node)
                .endSpec()
                .withNewStatus()
                .withPhase("Running")
                .endStatus()
                .build())
        .create();
  }

  private static PodRef ref(Pod pod) {
    return PodRef.newBuilder()
        .setNamespace(pod.getMetadata().getNamespace())
        .setName(pod.getMetadata().getName())
        .setUid(pod.getMetadata().getUid())
        .build();
  }

  private SnapshotRef snapshotOf(String node) {
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        new ObjectMetaBuilder()
            .withName(UUID.randomUUID().toString())
            .addToAnnotations(PodSnapshotApi.ORIGIN_NODE, node)
            .build());
    snapshot.setSpec(new PodSnapshotSpec("policy"));
    var created = client.resource(snapshot).create();
    return SnapshotRef.newBuilder()
        .setNamespace(created.getMetadata().getNamespace())
        .setName(created.getMetadata().getName())
        .build();
  }

  private Uni<?> match(PodRef pod) {
    return fleet.match(MatchRequest.newBuilder().setNode("node1").setPod(pod).build());
  }

  private static Status refused(Uni<?> call) {
    return Status.fromThrowable(
        assertThrows(RuntimeException.class, () -> call.await().atMost(PATIENCE)));
  }

  private static void assertRefused(Code code, Uni<?> call) {
    var status = refused(call);
    assertEquals(code, status.getCode(), status.toString());
  }

  private double rejected(String reason) {
    var counter = metrics.find("podsnapshot_rejected_calls_total").tag("reason", reason).counter();
    return counter == null ? 0 : counter.count();
  }

  @Test
  void aNodeSpeaksForItsOwn() {
    fleet.greet(NodeRef.newBuilder().setNode("node1").build()).await().atMost(PATIENCE);
    var pod = ref(podOn("node1"));
    var reply = fleet.match(MatchRequest.newBuilder().setNode("node1").setPod(pod).build());
    assertTrue(reply.await().atMost(PATIENCE).hasUntouched(), "no policy selects it");
    fleet.stopping(pod).await().atMost(PATIENCE); // on a virtual thread
    fleet
        .reportRestore(RestoreReport.newBuilder().setPod(pod).setReason("Test").build())
        .await()
        .atMost(PATIENCE);
  }

  @Test
  void aNodeHearsItsOwnOrdersOnly() {
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.orders(NodeRef.newBuilder().setNode("node2").build()).collect().first());
    assertRefused(
        Code.PERMISSION_DENIED, fleet.greet(NodeRef.newBuilder().setNode("node2").build()));
    assertTrue(rejected("foreign_node") > 0);
    var stream = fleet.orders(NodeRef.newBuilder().setNode("node1").build());
    assertThrows(
        TimeoutException.class,
        () -> stream.collect().first().await().atMost(Duration.ofSeconds(1)),
        "it waits for orders");
  }

  @Test
  void aNodeDoesNotSpeakForPodsElsewhere() {
    var elsewhere = ref(podOn("node2"));
    assertRefused(Code.PERMISSION_DENIED, match(elsewhere));
    assertRefused(Code.PERMISSION_DENIED, match(ref(podOn(null))));
    assertRefused(Code.PERMISSION_DENIED, fleet.stopping(elsewhere));
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.reportRestore(RestoreReport.newBuilder().setPod(elsewhere).build()));
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.match(MatchRequest.newBuilder().setNode("node2").setPod(elsewhere).build()));
    assertTrue(rejected("foreign_pod") > 0);
  }

  @Test
  void aNodeTellsNothingOfSnapshotsOfOthers() {
    var foreign = snapshotOf("node2");
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.reportCheckpoint(
            CheckpointReport.newBuilder().setSnapshot(foreign).setNeverTriggered(true).build()));
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.reportReplication(ReplicationReport.newBuilder().setSnapshot(foreign).build()));
    assertTrue(
        client.resources(PodSnapshot.class).withName(foreign.getName()).get() != null,
        "it is still there");
  }

  @Test
  void aNodeGetsNoTokenForOthers() {
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.bucketToken(
            BucketTokenRequest.newBuilder().setSnapshot(snapshotOf("node2")).build()));
    var foreign = SnapshotRef.newBuilder().setNamespace("elsewhere").setName("snapshot");
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.bucketToken(
            BucketTokenRequest.newBuilder()
                .setSnapshot(foreign)
                .setPod(ref(podOn("node1")))
                .build()));
    assertRefused(
        Code.PERMISSION_DENIED,
        fleet.bucketToken(
            BucketTokenRequest.newBuilder()
                .setSnapshot(snapshotOf("node1"))
                .setPod(ref(podOn("node2")))
                .build()));
  }

  /** A snapshot that is gone has its files deleted by whoever uploaded them; others' must stay. */
  @Test
  void aNodeHasNoOtherFilesDeleted() {
    var gone = SnapshotRef.newBuilder().setNamespace("elsewhere").setName("gone");
    assertRefused(Code.PERMISSION_DENIED, fleet.reportReplication(discard(gone, "a/other/")));
    var other = snapshotOf("node2");
    assertRefused(
        Code.NOT_FOUND,
        fleet.reportReplication(
            discard(gone.setName(other.getName()), "a/%s/".formatted(other.getName()))));
  }

  private static ReplicationReport discard(SnapshotRef.Builder snapshot, String prefix) {
    // No store listens here: an attempt to delete would end as UNAVAILABLE.
    return ReplicationReport.newBuilder()
        .setSnapshot(snapshot)
        .setLocation(Location.newBuilder().setBucket("bucket").setPrefix(prefix))
        .build();
  }

  @Test
  void aPodIsNotRestoredFromAnotherNamespace() {
    var policy = new PodSnapshotPolicy();
    policy.setMetadata(new ObjectMetaBuilder().withName("policy").build());
    policy.setSpec(
        new PodSnapshotPolicySpec(
            new LabelSelectorBuilder().addToMatchLabels("app", "app").build(),
            "storage",
            SnapshotScope.WHOLE_POD,
            new TriggerConfig(TriggerType.MANUAL, PostCheckpoint.RESUME),
            null,
            null));
    client.resource(policy).create();
    var foreign = new PodSnapshot();
    foreign.setMetadata(
        new ObjectMetaBuilder().withName("foreign").withNamespace("elsewhere").build());
    foreign.setSpec(new PodSnapshotSpec("policy"));
    client.resource(foreign).create();
    for (var name : List.of("foreign", "elsewhere/foreign", "../elsewhere/foreign")) {
      var pod =
          new PodBuilder(podOn("node1"))
              .editMetadata()
              .withName("asks-" + UUID.randomUUID())
              .withResourceVersion(null)
              .addToLabels("app", "app")
              .addToAnnotations(PodSnapshotApi.RESTORE_FROM, name)
              .endMetadata()
              .editSpec()
              .withRuntimeClassName("gvisor")
              .addNewContainer()
              .withName("main")
              .withImage("x")
              .endContainer()
              .endSpec()
              .build();
      var reply =
          fleet
              .match(
                  MatchRequest.newBuilder()
                      .setNode("node1")
                      .setPod(ref(client.resource(pod).create()))
                      .build())
              .await()
              .atMost(PATIENCE);
      assertEquals("SnapshotNotFound", reply.getColdStart().getReason(), reply.toString());
    }
    client.resource(policy).delete();
  }

  @Test
  void namesThatAreNoneAreRefused() {
    for (var name : List.of("../../secrets/x", "a/b", "..", "")) {
      var pod = PodRef.newBuilder().setNamespace("default").setName(name).build();
      assertRefused(Code.INVALID_ARGUMENT, match(pod));
      assertRefused(Code.INVALID_ARGUMENT, fleet.stopping(pod));
      assertRefused(
          Code.INVALID_ARGUMENT,
          fleet.reportRestore(RestoreReport.newBuilder().setPod(pod).build()));
      var snapshot = SnapshotRef.newBuilder().setNamespace(name).setName("s").build();
      assertRefused(
          Code.INVALID_ARGUMENT,
          fleet.reportCheckpoint(CheckpointReport.newBuilder().setSnapshot(snapshot).build()));
      assertRefused(
          Code.INVALID_ARGUMENT,
          fleet.reportReplication(ReplicationReport.newBuilder().setSnapshot(snapshot).build()));
    }
  }

  @Test
  void withoutATokenThereIsNoAnswer() throws IOException {
    var pod = ref(podOn("node1"));
    Files.delete(token);
    assertRefused(Code.UNAUTHENTICATED, match(pod));
    assertRefused(Code.UNAUTHENTICATED, fleet.stopping(pod));
    assertRefused(
        Code.UNAUTHENTICATED,
        fleet.orders(NodeRef.newBuilder().setNode("node1").build()).collect().first());
    callAs("stranger");
    assertRefused(Code.UNAUTHENTICATED, match(pod));
    assertTrue(rejected("no_token") > 0 && rejected("bad_token") > 0);
    callAs("node2");
    assertRefused(Code.PERMISSION_DENIED, match(pod));
    callAs("node1");
    match(pod).await().atMost(PATIENCE);
  }

  /** A Pod waits while its node is asked about. */
  @Test
  void aTokenIsReviewedOnceForManyCalls() {
    var pod = ref(podOn("node1"));
    var before = REVIEWS.get();
    for (var i = 0; i < 5; i++) {
      match(pod).await().atMost(PATIENCE);
    }
    assertEquals(before + 1, REVIEWS.get());
  }

  @Test
  void plainTextIsNotSpoken() throws InterruptedException {
    var channel = NettyChannelBuilder.forAddress("localhost", port).usePlaintext().build();
    try {
      var stub = FleetGrpc.newBlockingStub(channel).withDeadlineAfter(10, TimeUnit.SECONDS);
      var status =
          Status.fromThrowable(
              assertThrows(
                  RuntimeException.class, () -> stub.stopping(PodRef.newBuilder().build())));
      assertEquals(Code.UNAVAILABLE, status.getCode(), status.toString());
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void theKeysAreInASecretAndNowhereElse() {
    var data = client.secrets().withName("podsnapshot-controller-tls").get().getData();
    assertEquals(
        List.of("ca-0.crt", "ca-0.key", "tls.crt", "tls.key"),
        data.keySet().stream().sorted().toList());
    assertEquals(
        Set.of("ca.crt"), client.configMaps().withName("podsnapshot-ca").get().getData().keySet());
  }

  /** An event loop must not wait for the API server: see Authentication. */
  @Test
  void everyMethodMayBlock() {
    for (var method : Fleet.class.getDeclaredMethods()) {
      var implementation =
          Arrays.stream(FleetService.class.getDeclaredMethods())
              .filter(m -> m.getName().equals(method.getName()) && !m.isBridge())
              .findFirst()
              .orElseThrow();
      assertTrue(
          implementation.isAnnotationPresent(Blocking.class)
              || implementation.isAnnotationPresent(RunOnVirtualThread.class),
          method.getName());
    }
  }
}
