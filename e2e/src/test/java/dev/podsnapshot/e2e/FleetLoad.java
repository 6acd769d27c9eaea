package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerSpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.Fingerprint;
import dev.podsnapshot.grpc.FleetGrpc;
import dev.podsnapshot.grpc.MatchRequest;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.ReplicationReport;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * The deployed controller and the real API server under the load of many nodes: their agents are
 * this process, which has a node's token for each and does what a node is ordered, in no time. Run
 * by {@code bench/load}, on a cluster that is thrown away.
 */
class FleetLoad {
  private static final int NODES = Integer.getInteger("bench.nodes", 1000);
  private static final int SNAPSHOTS = Integer.getInteger("bench.snapshots", 10_000);
  private static final int RATE = Integer.getInteger("bench.rate", 30);
  private static final int MATCHES = Integer.getInteger("bench.matches", 2000);
  private static final int CHANNELS = 8;
  private static final int AT_ONCE = 32;
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final List<ManagedChannel> channels = new ArrayList<>();

  /** When a trigger was made, and what became of it, in nanoseconds. */
  private final Map<String, Long> made = new ConcurrentHashMap<>();

  private final Map<String, Long> ordered = new ConcurrentHashMap<>();
  private final Map<String, Long> complete = new ConcurrentHashMap<>();
  private final Map<String, Long> ready = new ConcurrentHashMap<>();
  private final AtomicInteger refused = new AtomicInteger();

  @Test
  void steady() throws Exception {
    var node = new Node(); // not closed: the cluster goes
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    say("%d nodes, their agents, and a Pod on each", NODES);
    each(NODES, i -> createNode(node, i));
    var agents = agents(node);
    var pods = new Pod[NODES];
    each(NODES, i -> pods[i] = createPod(node, i));
    open(node);
    each(NODES, i -> listen(agents.get(name(i)), node, i));
    watch(node);

    var calls = writes(node);
    var cpu = controllerCpu();
    var begin = System.nanoTime();
    say("%d snapshots, %d a second", SNAPSHOTS, RATE);
    drive(node);
    var driven = seconds(begin);
    Node.await(
        "the last snapshot",
        Duration.ofMinutes(5),
        ready::size,
        n -> n + refused.get() >= SNAPSHOTS);
    var whole = seconds(begin);
    var cpuUsed = controllerCpu() - cpu;
    assertEquals(SNAPSHOTS, ready.size(), "lost snapshots; refused triggers: " + refused.get());
    var written = writes(node) - calls;

    say("%d choices among %d snapshots", MATCHES, SNAPSHOTS);
    var matches = matches(agents, pods);
    var lines =
        List.of(
            "| | |",
            "|---|---|",
            "| nodes (simulated agents, each with a token of its own) | %d |".formatted(NODES),
            "| snapshots in one namespace, of one policy | %d |".formatted(SNAPSHOTS),
            "| asked for | %.1f a second for %.0f s |".formatted(SNAPSHOTS / driven, driven),
            "| reached | %.1f a second |".formatted(SNAPSHOTS / whole),
            "| trigger created to the node's order | %s |".formatted(text(ordered)),
            "| trigger created to Complete | %s |".formatted(text(complete)),
            "| trigger created to AllSnapshotsAvailable | %s |".formatted(text(ready)),
            "| choice of a snapshot (Match) among all of them | %s |".formatted(text(matches)),
            "| writes to the API server for a snapshot, events included | %.1f |"
                .formatted((written - SNAPSHOTS) / (double) SNAPSHOTS),
            "| CPU of the controller for a snapshot | %.1f ms |"
                .formatted(cpuUsed * 1000 / SNAPSHOTS),
            "| memory of the controller at the end (RSS) | %d MiB |"
                .formatted(controllerMemory() >> 20));
    lines.forEach(System.out::println);
    var table = System.getProperty("bench.table");
    if (table != null) {
      Files.write(Path.of(table), lines);
    }
    channels.forEach(ManagedChannel::shutdownNow);
  }

  private static void say(String text, Object... arguments) {
    System.out.println(text.formatted(arguments));
  }

  private static String name(int i) {
    return "sim-%04d".formatted(i);
  }

  private static double seconds(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  private static void each(int n, IntConsumer task) throws Exception {
    var turns = new Semaphore(AT_ONCE);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var tasks =
          IntStream.range(0, n)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            turns.acquireUninterruptibly();
                            try {
                              task.accept(i);
                            } finally {
                              turns.release();
                            }
                          }))
              .toList();
      for (var done : tasks) {
        done.get();
      }
    }
  }

  private static void createNode(Node node, int i) {
    var resources =
        Map.of(
            "cpu",
            new Quantity("64"),
            "memory",
            new Quantity("256Gi"),
            "pods",
            new Quantity("110"));
    node.client
        .resource(
            new NodeBuilder()
                .withNewMetadata()
                .withName(name(i))
                .endMetadata()
                .withNewStatus()
                .withCapacity(resources)
                .withAllocatable(resources)
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("Simulated")
                .withMessage("for a load test")
                .endCondition()
                .endStatus()
                .build())
        .create();
  }

  /** The DaemonSet's Pods on the simulated nodes; nobody runs them, but their tokens are real. */
  private Map<String, String> agents(Node node) throws Exception {
    var pods =
        Node.await(
            "the agents' Pods",
            Duration.ofMinutes(5),
            () ->
                node
                    .client
                    .pods()
                    .inNamespace(Node.SYSTEM)
                    .withLabel("app", "pod-snapshot-agent")
                    .list()
                    .getItems()
                    .stream()
                    .filter(p -> p.getSpec().getNodeName() != null)
                    .filter(p -> p.getSpec().getNodeName().startsWith("sim-"))
                    .toList(),
            found -> found.size() >= NODES);
    var tokens = new ConcurrentHashMap<String, String>();
    each(
        NODES,
        i -> {
          var pod = pods.get(i);
          tokens.put(
              pod.getSpec().getNodeName(),
              node.client
                  .serviceAccounts()
                  .inNamespace(Node.SYSTEM)
                  .withName("pod-snapshot-agent")
                  .tokenRequest(
                      new TokenRequestBuilder()
                          .withNewSpec()
                          .withAudiences("podsnapshot-controller")
                          .withExpirationSeconds(7200L)
                          .withNewBoundObjectRef()
                          .withKind("Pod")
                          .withApiVersion("v1")
                          .withName(pod.getMetadata().getName())
                          .withUid(pod.getMetadata().getUid())
                          .endBoundObjectRef()
                          .endSpec()
                          .build())
                  .getStatus()
                  .getToken());
        });
    return tokens;
  }

  private static Pod createPod(Node node, int i) {
    var pod =
        node.client
            .resource(
                new PodBuilder(node.pod("p-" + i, "app").build())
                    .editSpec()
                    .withNodeName(name(i))
                    .addNewToleration()
                    .withOperator("Exists")
                    .endToleration()
                    .endSpec()
                    .build())
            .create();
    return node.client
        .pods()
        .inNamespace(node.namespace)
        .withName(pod.getMetadata().getName())
        .editStatus(
            p ->
                new PodBuilder(p)
                    .editOrNewStatus()
                    .withPhase("Running")
                    .withStartTime("2020-01-01T00:00:00Z")
                    .endStatus()
                    .build());
  }

  private void open(Node node) throws IOException {
    var authorities =
        node.client
            .configMaps()
            .inNamespace(Node.SYSTEM)
            .withName("podsnapshot-ca")
            .get()
            .getData()
            .get("ca.crt");
    var address = node.leader().orElseThrow().getStatus().getPodIP();
    for (var i = 0; i < CHANNELS; i++) {
      channels.add(
          NettyChannelBuilder.forAddress(address, 9000)
              .overrideAuthority("podsnapshot-controller.podsnapshot-system")
              .sslContext(
                  GrpcSslContexts.forClient()
                      .trustManager(
                          new ByteArrayInputStream(authorities.getBytes(StandardCharsets.UTF_8)))
                      .build())
              .build());
    }
  }

  private ManagedChannel channel(int i) {
    return channels.get(i % CHANNELS);
  }

  private static Metadata credentials(String token) {
    var metadata = new Metadata();
    metadata.put(AUTHORIZATION, "Bearer " + token);
    return metadata;
  }

  private static Fingerprint fingerprint() {
    return Fingerprint.newBuilder()
        .setRunscVersion("load")
        .setPlatform("systrap")
        .setArchitecture("amd64")
        .addCpuFeatures("sse")
        .build();
  }

  private void listen(String token, Node node, int i) {
    var credentials = MetadataUtils.newAttachHeadersInterceptor(credentials(token));
    var reports = FleetGrpc.newBlockingStub(channel(i)).withInterceptors(credentials);
    FleetGrpc.newStub(channel(i))
        .withInterceptors(credentials)
        .orders(
            NodeRef.newBuilder().setNode(name(i)).build(),
            new StreamObserver<>() {
              @Override
              public void onNext(CheckpointOrder order) {
                Thread.ofVirtual().start(() -> carryOut(order, reports));
              }

              @Override
              public void onError(Throwable e) {
                System.out.println(name(i) + ": " + e);
              }

              @Override
              public void onCompleted() {
                System.out.println(name(i) + ": no more orders");
              }
            });
  }

  private void carryOut(CheckpointOrder order, FleetGrpc.FleetBlockingStub reports) {
    var snapshot = order.getSnapshot();
    if (ordered.putIfAbsent(snapshot.getName(), System.nanoTime()) != null) {
      return;
    }
    var report = CheckpointReport.newBuilder().setSnapshot(snapshot);
    reports.reportCheckpoint(report.clone().setStarted(true).build());
    reports.reportCheckpoint(
        report.setBytes(35 << 20).setFreezeMillis(100).setFingerprint(fingerprint()).build());
    reports.reportReplication(
        ReplicationReport.newBuilder()
            .setSnapshot(snapshot)
            .setLocation(order.getLocation())
            .setBytes(35 << 20)
            .setMillis(200)
            .setParallel(true)
            .build());
  }

  private void watch(Node node) {
    node.client
        .resources(PodSnapshotManualTrigger.class)
        .inNamespace(node.namespace)
        .inform(
            seen(
                t ->
                    Optional.ofNullable(t.getStatus())
                        .flatMap(s -> Conditions.find(s.conditions(), Conditions.TRIGGERED))
                        .ifPresent(
                            c -> {
                              var name = t.getMetadata().getName();
                              if ("True".equals(c.getStatus())) {
                                complete.putIfAbsent(name, System.nanoTime());
                              } else if (complete.putIfAbsent(name, 0L) == null) {
                                refused.incrementAndGet();
                              }
                            })));
    node.client
        .resources(PodSnapshot.class)
        .inNamespace(node.namespace)
        .inform(
            seen(
                s -> {
                  var trigger = s.getMetadata().getLabels().get(PodSnapshotApi.TRIGGERED_BY);
                  var order = ordered.remove(s.getMetadata().getName());
                  if (order != null) {
                    ordered.put(trigger, order); // by trigger, as all others
                    ordered.putIfAbsent(s.getMetadata().getName(), order);
                  }
                  if (s.getStatus() != null
                      && Conditions.isTrue(s.getStatus().conditions(), Conditions.READY)) {
                    ready.putIfAbsent(trigger, System.nanoTime());
                  }
                }));
  }

  private static <T> ResourceEventHandler<T> seen(java.util.function.Consumer<T> handler) {
    return new ResourceEventHandler<>() {
      @Override
      public void onAdd(T object) {
        handler.accept(object);
      }

      @Override
      public void onUpdate(T old, T object) {
        handler.accept(object);
      }

      @Override
      public void onDelete(T object, boolean finalStateUnknown) {
        // at the end
      }
    };
  }

  /** Makes triggers at the rate, whatever becomes of them. */
  private void drive(Node node) throws Exception {
    var begin = System.nanoTime();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var i = 0; i < SNAPSHOTS; i++) {
        var due = begin + i * 1_000_000_000L / RATE;
        while (System.nanoTime() < due) {
          Thread.sleep(Math.max(1, (due - System.nanoTime()) / 1_000_000));
        }
        var number = i;
        threads.submit(() -> trigger(node, number));
        if (i > 0 && i % 1000 == 0) {
          say("%d asked for, %d ready, %d refused", i, ready.size(), refused.get());
        }
      }
    }
  }

  private void trigger(Node node, int i) {
    var trigger = new PodSnapshotManualTrigger();
    trigger.setMetadata(node.meta("t-" + i).build());
    trigger.setSpec(new PodSnapshotManualTriggerSpec("p-" + i % NODES));
    made.put("t-" + i, System.nanoTime());
    node.client.resource(trigger).create();
  }

  private Map<String, Long> matches(Map<String, String> agents, Pod[] pods) throws Exception {
    var took = new ConcurrentHashMap<String, Long>();
    each(
        MATCHES,
        n -> {
          var i = n % NODES;
          var meta = pods[i].getMetadata();
          var fleet =
              FleetGrpc.newBlockingStub(channel(i))
                  .withInterceptors(
                      MetadataUtils.newAttachHeadersInterceptor(credentials(agents.get(name(i)))));
          var begin = System.nanoTime();
          var reply =
              fleet.match(
                  MatchRequest.newBuilder()
                      .setNode(name(i))
                      .setFingerprint(fingerprint())
                      .setPod(
                          PodRef.newBuilder()
                              .setNamespace(meta.getNamespace())
                              .setName(meta.getName())
                              .setUid(meta.getUid()))
                      .build());
          assertTrue(reply.hasRestore(), reply.toString());
          made.put("m-" + n, begin);
          took.put("m-" + n, System.nanoTime());
        });
    return took;
  }

  /** Median, 99th percentile and maximum of the times since the trigger was made. */
  private String text(Map<String, Long> ends) {
    var millis =
        ends.entrySet().stream()
            .filter(e -> e.getValue() > 0 && made.containsKey(e.getKey()))
            .mapToLong(e -> (e.getValue() - made.get(e.getKey())) / 1_000_000)
            .sorted()
            .toArray();
    return "p50 %d ms, p99 %d ms, at most %d ms"
        .formatted(
            millis[millis.length / 2],
            millis[(int) (millis.length * 0.99)],
            millis[millis.length - 1]);
  }

  /** Writes that the API server has carried out. */
  private static long writes(Node node) {
    return node.client
        .raw("/metrics")
        .lines()
        .filter(l -> l.startsWith("apiserver_request_total{"))
        .filter(l -> l.contains("podsnapshot") || l.contains("resource=\"events\""))
        .filter(l -> l.matches(".*verb=\"(POST|PUT|PATCH|APPLY|DELETE)\".*"))
        .mapToLong(l -> (long) Double.parseDouble(l.substring(l.lastIndexOf(' ') + 1)))
        .sum();
  }

  private static ProcessHandle controller() {
    return ProcessHandle.allProcesses()
        .filter(
            p -> {
              try {
                return Files.readString(
                        Path.of("/proc", Long.toString(p.pid()), "environ"),
                        StandardCharsets.ISO_8859_1)
                    .contains("PODSNAPSHOT_LEADER_POD=podsnapshot-controller");
              } catch (IOException e) {
                return false;
              }
            })
        .findFirst()
        .orElseThrow();
  }

  /** CPU seconds that it has used. */
  private static double controllerCpu() {
    return controller().info().totalCpuDuration().orElseThrow().toMillis() / 1000.0;
  }

  private static long controllerMemory() throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(controller().pid()), "status"))
        .stream()
        .filter(l -> l.startsWith("VmRSS:"))
        .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElseThrow();
  }
}
