package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerSpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.Config;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * The controller, killed after each single write of a snapshot's life, goes on where it was: one
 * snapshot, Ready, told once; and its deletion leaves nothing. The real controller runs as a
 * process beside the node for this, the node's agent and gVisor are the real ones.
 */
@Isolated
class ControllerKilledTest {
  private static final String NAME = "podsnapshot-controller";
  private static final int PORT = 9000;

  private Node node;
  private ApiServerProxy api;
  private volatile Process controller;

  @BeforeEach
  void takeTheControllersPlace() throws Exception {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("pod", "app"));
    var token =
        node.client
            .serviceAccounts()
            .inNamespace(Node.SYSTEM)
            .withName(NAME)
            .tokenRequest(
                new TokenRequestBuilder()
                    .withNewSpec()
                    .withExpirationSeconds(3600L)
                    .endSpec()
                    .build())
            .getStatus()
            .getToken();
    api =
        new ApiServerProxy(
            Config.fromKubeconfig(Files.readString(Path.of(System.getProperty("kubeconfig")))),
            token);
    scale(0);
    redirect(true);
    start();
  }

  @AfterEach
  void giveItBack() throws InterruptedException {
    controller.destroyForcibly().waitFor();
    redirect(false);
    node.client.leases().inNamespace(Node.SYSTEM).withName(NAME).delete(); // of who was killed
    scale(1);
    api.close();
    node.suiteReady();
    node.close();
  }

  private void scale(int replicas) {
    node.client.apps().deployments().inNamespace(Node.SYSTEM).withName(NAME).scale(replicas);
    node.await(
        replicas + " controllers",
        () ->
            node.client
                .pods()
                .inNamespace(Node.SYSTEM)
                .withLabel("app", NAME)
                .list()
                .getItems()
                .size(),
        n -> n == replicas);
  }

  /** The node's agent finds the controller by its Service. */
  private void redirect(boolean here) {
    node.client
        .discovery()
        .v1()
        .endpointSlices()
        .inNamespace(Node.SYSTEM)
        .withLabel("kubernetes.io/service-name", NAME)
        .delete();
    if (here) {
      node.client
          .resource(
              new EndpointSliceBuilder()
                  .withNewMetadata()
                  .withName(NAME + "-beside")
                  .withNamespace(Node.SYSTEM)
                  .addToLabels("kubernetes.io/service-name", NAME)
                  .endMetadata()
                  .withAddressType("IPv4")
                  .addNewPort()
                  .withName("grpc")
                  .withPort(PORT)
                  .withProtocol("TCP")
                  .endPort()
                  .addNewEndpoint()
                  .withAddresses(StoreProxy.HOST)
                  .withNewConditions()
                  .withReady(true)
                  .endConditions()
                  .endEndpoint()
                  .build())
          .create();
    }
  }

  private void start() throws IOException {
    var jar =
        Path.of(System.getProperty("cluster"))
            .resolve("../../controller/target/quarkus-app/quarkus-run.jar")
            .normalize();
    var builder =
        new ProcessBuilder(
            ProcessHandle.current().info().command().orElseThrow(),
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-jar",
            jar.toString());
    builder
        .environment()
        .putAll(
            Map.of(
                "QUARKUS_KUBERNETES_CLIENT_API_SERVER_URL",
                api.url(),
                "QUARKUS_KUBERNETES_CLIENT_NAMESPACE",
                Node.SYSTEM,
                "QUARKUS_HTTP_PORT",
                "18080",
                // The same each time: who comes back need not wait for the Lease to run out.
                "PODSNAPSHOT_LEADER_POD",
                "beside",
                "PODSNAPSHOT_STORE_ENDPOINT",
                "http://10.87.0.2:4443"));
    var log = new File(System.getProperty("java.io.tmpdir"), "podsnapshot-controller-killed.log");
    builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log));
    controller = builder.start();
  }

  private void killAndRestart() {
    try {
      controller.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void killedAfterEachWriteItConverges() throws IOException {
    cycle("warm-up", Integer.MAX_VALUE);
    var n = 0;
    do {
      n++;
    } while (cycle("killed-" + n, n));
    // A snapshot's life has at least these: created, awaiting, started, node's labels,
    // checkpointed, replicated, trigger,
    // Ready, event, deleted by the user, finalizer.
    assertTrue(n > 9, "only %d writes were seen".formatted(n - 1));
    System.out.printf("the controller was killed after each of %d writes%n", n - 1);
  }

  /** One snapshot's life; returns whether the controller was killed in it. */
  private boolean cycle(String name, int killAfter) throws IOException {
    var killed = new boolean[1];
    api.afterWrite(
        killAfter,
        () -> {
          killed[0] = true;
          killAndRestart();
        });
    var trigger = new PodSnapshotManualTrigger();
    trigger.setMetadata(node.meta(name).build());
    trigger.setSpec(new PodSnapshotManualTriggerSpec("pod"));
    node.client.resource(trigger).create();
    var done =
        Node.await(
            "trigger " + name,
            Duration.ofSeconds(60),
            () ->
                node.client
                    .resources(PodSnapshotManualTrigger.class)
                    .inNamespace(node.namespace)
                    .withName(name)
                    .get(),
            t ->
                t.getStatus() != null
                    && Conditions.find(t.getStatus().conditions(), Conditions.TRIGGERED)
                        .isPresent());
    assertTrue(
        Conditions.isTrue(done.getStatus().conditions(), Conditions.TRIGGERED),
        () -> name + ": " + done.getStatus());
    var snapshot = node.ready(done.getStatus().snapshotCreated().name());
    assertEquals(
        List.of(snapshot),
        node.snapshots().stream().map(s -> s.getMetadata().getName()).toList(),
        name);
    node.await(
        "the event of " + snapshot,
        () -> node.events("pod").stream().filter(e -> e.getMessage().contains(snapshot)).count(),
        count -> count == 1);
    node.client
        .resources(PodSnapshot.class)
        .inNamespace(node.namespace)
        .withName(snapshot)
        .delete();
    node.await("the end of " + snapshot, () -> node.find(snapshot), Optional::isEmpty);
    assertFalse(Files.exists(node.objects(snapshot).resolve("pages.img")), name);
    assertFalse(Files.exists(node.objects(snapshot).resolve("manifest.json")), name);
    node.client
        .resources(PodSnapshotManualTrigger.class)
        .inNamespace(node.namespace)
        .withName(name)
        .delete();
    return killed[0];
  }
}
