package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerSpec;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotScope;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.Gcs;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.SnapshotStorageConfig;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.TokenSource;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.LabelSelectorBuilder;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The real node as a test sees it, in a namespace of the test's own. */
final class Node implements AutoCloseable {
  static final String SYSTEM = "podsnapshot-system";
  static final String APP = "localhost/podsnapshot/e2e-app:dev";
  private static final String STORE = "http://10.87.0.2:4443";
  private static final Path BUCKETS = Path.of("/var/lib/podsnapshot-local/gcs");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(1)).build();

  final KubernetesClient client;
  final String namespace;

  Node() throws IOException {
    var kubeconfig = Files.readString(Path.of(System.getProperty("kubeconfig")));
    client = new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig)).build();
    namespace = "e2e-" + UUID.randomUUID().toString().substring(0, 8);
    client
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(namespace).endMetadata().build())
        .create();
    await(
        "the default ServiceAccount",
        () -> client.serviceAccounts().inNamespace(namespace).withName("default").get(),
        s -> s != null);
    suiteReady();
    storageConfig();
  }

  /** Waits until the controller and the node's services can serve; a test may have stopped them. */
  void suiteReady() {
    await(
        "the controller",
        () ->
            client
                .apps()
                .deployments()
                .inNamespace(SYSTEM)
                .withName("podsnapshot-controller")
                .get(),
        d -> d.getSpec().getReplicas().equals(d.getStatus().getReadyReplicas()));
    await("the controller that leads", this::leader, Optional::isPresent);
    await(
        "the node's services",
        () -> client.apps().daemonSets().inNamespace(SYSTEM).withName("pod-snapshot-agent").get(),
        d ->
            d.getStatus().getObservedGeneration() >= d.getMetadata().getGeneration()
                && Integer.valueOf(1).equals(d.getStatus().getUpdatedNumberScheduled())
                && Integer.valueOf(1).equals(d.getStatus().getNumberReady()));
  }

  /** The replica of the controller to which its Service leads. */
  Optional<Pod> leader() {
    var slice =
        client
            .discovery()
            .v1()
            .endpointSlices()
            .inNamespace(SYSTEM)
            .withName("podsnapshot-controller")
            .get();
    return slice == null || slice.getEndpoints() == null
        ? Optional.empty()
        : client
            .pods()
            .inNamespace(SYSTEM)
            .withLabel("app", "podsnapshot-controller")
            .list()
            .getItems()
            .stream()
            .filter(p -> p.getMetadata().getDeletionTimestamp() == null)
            .filter(
                p ->
                    slice.getEndpoints().stream()
                        .anyMatch(e -> e.getAddresses().contains(p.getStatus().getPodIP())))
            .findFirst();
  }

  /** Something that is not there until this is closed. */
  interface Absence extends AutoCloseable {
    @Override
    void close();
  }

  /** Takes our agent off the node. */
  Absence withoutAgent() {
    selectAgentsNodes(Map.of("no-such-node", "true"));
    await(
        "the agent's end",
        () ->
            client
                .pods()
                .inNamespace(SYSTEM)
                .withLabel("app", "pod-snapshot-agent")
                .list()
                .getItems(),
        List::isEmpty);
    return () -> {
      selectAgentsNodes(null);
      suiteReady();
    };
  }

  private void selectAgentsNodes(Map<String, String> labels) {
    client
        .apps()
        .daemonSets()
        .inNamespace(SYSTEM)
        .withName("pod-snapshot-agent")
        .edit(
            d -> {
              d.getSpec().getTemplate().getSpec().setNodeSelector(labels);
              return d;
            });
  }

  /** Leaves nothing: Pods, snapshots with their files, the namespace. */
  @Override
  public void close() {
    client.pods().inNamespace(namespace).withGracePeriod(0).delete();
    client.resources(PodSnapshot.class).inNamespace(namespace).delete();
    await(
        "the snapshots' deletion",
        () -> client.resources(PodSnapshot.class).inNamespace(namespace).list().getItems(),
        List::isEmpty);
    client.resources(PodSnapshotStorageConfig.class).withName(namespace).delete();
    client.namespaces().withName(namespace).delete();
    client.close();
  }

  private void storageConfig() {
    var config = new PodSnapshotStorageConfig();
    config.setMetadata(new ObjectMetaBuilder().withName(namespace).build());
    config.setSpec(
        new PodSnapshotStorageConfigSpec(
            new SnapshotStorageConfig(
                new Gcs("podsnapshots", namespace + "/snapshots", TokenSource.POD_KSA))));
    client.resource(config).create();
    await(
        "the storage config",
        () -> client.resources(PodSnapshotStorageConfig.class).withName(namespace).get(),
        c ->
            c.getStatus() != null
                && Conditions.isTrue(c.getStatus().conditions(), Conditions.READY));
  }

  /** A policy for Pods with the label {@code app: NAME}. */
  PodSnapshotPolicy policy(String name, TriggerType type, PostCheckpoint then) {
    return policy(name, SnapshotScope.WHOLE_POD, type, then);
  }

  PodSnapshotPolicy policy(
      String name, SnapshotScope scope, TriggerType type, PostCheckpoint then) {
    return policy(
        name,
        new PodSnapshotPolicySpec(
            new LabelSelectorBuilder().addToMatchLabels("app", name).build(),
            namespace,
            scope,
            new TriggerConfig(type, then),
            null,
            null));
  }

  PodSnapshotPolicy policy(String name, PodSnapshotPolicySpec spec) {
    var policy = new PodSnapshotPolicy();
    policy.setMetadata(meta(name).build());
    policy.setSpec(spec);
    client.resource(policy).create();
    return await(
        "policy " + name,
        () -> client.resources(PodSnapshotPolicy.class).inNamespace(namespace).withName(name).get(),
        p ->
            p.getStatus() != null
                && Conditions.isTrue(p.getStatus().conditions(), Conditions.READY));
  }

  ObjectMetaBuilder meta(String name) {
    return new ObjectMetaBuilder().withName(name).withNamespace(namespace);
  }

  /** A Pod under gVisor that the policy {@code app} selects; not yet created. */
  PodBuilder pod(String name, String app) {
    return new PodBuilder()
        .withMetadata(meta(name).addToLabels("app", app).build())
        .withNewSpec()
        .withRuntimeClassName("gvisor")
        .withTerminationGracePeriodSeconds(1L)
        .addNewContainer()
        .withName("main")
        .withImage(APP)
        .withImagePullPolicy("IfNotPresent")
        .addNewEnv()
        .withName("MEM_MIB")
        .withValue("32")
        .endEnv()
        .endContainer()
        .endSpec();
  }

  /** Creates the Pod and waits until it answers. */
  Pod run(PodBuilder pod) {
    var created = client.resource(pod.build()).create();
    var name = created.getMetadata().getName();
    await("an answer of Pod " + name, () -> tryState(name, 8080), Optional::isPresent);
    return await(
        "Pod " + name + " to be running",
        () -> client.pods().inNamespace(namespace).withName(name).get(),
        p ->
            "Running".equals(p.getStatus().getPhase())
                || p.getStatus().getContainerStatuses().size() > 1);
  }

  /**
   * Runs the Pod and expects that it starts cold, and says why.
   *
   * @param oldId of the process that it could have been restored from
   */
  Pod runCold(PodBuilder pod, String oldId, String why) {
    var name = pod.buildMetadata().getName();
    var running = run(pod);
    assertNotEquals(oldId, state(name).path("id").asText());
    var event = event(name, why);
    assertEquals("Warning", event.getType());
    assertTrue(event.getMessage().startsWith("falling back to a cold start of pod: "));
    assertEquals("False", podRestored(name).getStatus());
    return running;
  }

  void delete(String pod) {
    client.pods().inNamespace(namespace).withName(pod).withGracePeriod(1).delete();
    await(
        "the end of Pod " + pod,
        () -> Optional.ofNullable(client.pods().inNamespace(namespace).withName(pod).get()),
        Optional::isEmpty);
  }

  /** What the process in the Pod says of itself. */
  JsonNode state(String pod) {
    return state(pod, 8080);
  }

  JsonNode state(String pod, int port) {
    return await("the state of " + pod, () -> tryState(pod, port), Optional::isPresent)
        .orElseThrow();
  }

  String ip(String pod) {
    var found = client.pods().inNamespace(namespace).withName(pod).get();
    return found == null ? null : found.getStatus().getPodIP();
  }

  private Optional<JsonNode> tryState(String pod, int port) {
    try {
      return Optional.of(JSON.readTree(get(pod, port, "/")));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  String get(String pod, int port, String path) throws IOException {
    var ip = ip(pod);
    if (ip == null) {
      throw new IOException("no address yet");
    }
    return http(
        "http://%s:%d%s".formatted(ip, port, path), Duration.ofSeconds(path.equals("/") ? 2 : 60));
  }

  static String http(String url) throws IOException {
    return http(url, Duration.ofSeconds(10));
  }

  private static String http(String url, Duration timeout) throws IOException {
    try {
      return HTTP.send(
              HttpRequest.newBuilder(URI.create(url)).timeout(timeout).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  /** Writes a file into the container's root file system, below {@code /files}. */
  void writeFile(String pod, String name, String contents) throws IOException {
    post("http://%s:8080/file?name=%s".formatted(ip(pod), name), "text/plain", contents);
  }

  private static void post(String url, String type, String contents) throws IOException {
    var request =
        HttpRequest.newBuilder(URI.create(url))
            .header("content-type", type)
            .POST(HttpRequest.BodyPublishers.ofString(contents))
            .build();
    try {
      var answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new IOException(answer.body());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  String readFile(String pod, String name) throws IOException {
    return get(pod, 8080, "/file?name=" + name);
  }

  void createTrigger(String name, String pod) {
    var trigger = new PodSnapshotManualTrigger();
    trigger.setMetadata(meta(name).build());
    trigger.setSpec(new PodSnapshotManualTriggerSpec(pod));
    client.resource(trigger).create();
  }

  /** Creates a trigger and waits for its end. */
  PodSnapshotManualTrigger trigger(String name, String pod) {
    createTrigger(name, pod);
    return triggered(name);
  }

  PodSnapshotManualTrigger triggered(String name) {
    return await(
        "trigger " + name,
        () ->
            client
                .resources(PodSnapshotManualTrigger.class)
                .inNamespace(namespace)
                .withName(name)
                .get(),
        t ->
            t.getStatus() != null
                && Conditions.find(t.getStatus().conditions(), Conditions.TRIGGERED).isPresent());
  }

  /** Triggers a snapshot and waits until it can be restored; its name. */
  String snapshot(String pod) {
    var trigger = trigger("t-" + UUID.randomUUID().toString().substring(0, 8), pod);
    if (!Conditions.isTrue(trigger.getStatus().conditions(), Conditions.TRIGGERED)) {
      fail("the trigger failed: " + trigger.getStatus());
    }
    return ready(trigger.getStatus().snapshotCreated().name());
  }

  String ready(String snapshot) {
    await(
        "snapshot " + snapshot,
        () -> find(snapshot),
        s ->
            s.isPresent()
                && s.get().getStatus() != null
                && Conditions.find(s.get().getStatus().conditions(), Conditions.READY)
                    .filter(c -> "AllSnapshotsAvailable".equals(c.getReason()))
                    .isPresent());
    return snapshot;
  }

  Optional<PodSnapshot> find(String snapshot) {
    return Optional.ofNullable(
        client.resources(PodSnapshot.class).inNamespace(namespace).withName(snapshot).get());
  }

  List<PodSnapshot> snapshots() {
    return client.resources(PodSnapshot.class).inNamespace(namespace).list().getItems();
  }

  /** The folder in which the object-store server keeps a snapshot's objects. */
  Path objects(String snapshot) {
    return BUCKETS
        .resolve("podsnapshots")
        .resolve(namespace)
        .resolve("snapshots")
        .resolve(snapshot);
  }

  /** Makes a bucket beside the one that all use. */
  static void createBucket(String bucket) throws IOException {
    post(STORE + "/storage/v1/b", "application/json", "{\"name\":\"%s\"}".formatted(bucket));
  }

  /** Takes a bucket away with all that is in it, as somebody else would. */
  static void removeBucket(String bucket) throws IOException {
    try (var files = Files.walk(BUCKETS.resolve(bucket))) {
      for (var path : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Puts an object where the uploader would, in a bucket of {@link #createBucket}. */
  static Path storeObject(String bucket, String name, String contents) throws IOException {
    post(
        STORE + "/upload/storage/v1/b/%s/o?uploadType=media&name=%s".formatted(bucket, name),
        "application/octet-stream",
        contents);
    return BUCKETS.resolve(bucket).resolve(name);
  }

  PodCondition podRestored(String pod) {
    return await(
            "the PodRestored condition of " + pod,
            () ->
                client
                    .pods()
                    .inNamespace(namespace)
                    .withName(pod)
                    .get()
                    .getStatus()
                    .getConditions()
                    .stream()
                    .filter(c -> c.getType().equals("PodRestored"))
                    .findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  /** Waits for an event of the given text on a Pod. */
  Event event(String pod, String text) {
    return await(
            "event '%s' on %s".formatted(text, pod),
            () -> events(pod).stream().filter(e -> e.getMessage().contains(text)).findFirst(),
            Optional::isPresent)
        .orElseThrow();
  }

  List<Event> events(String pod) {
    return client
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("involvedObject.name", pod)
        .withField("reason", "GKEPodSnapshotting")
        .list()
        .getItems();
  }

  /** What the services of ours in the Pod with this label show to Prometheus at the port. */
  String metrics(String app, int port) throws IOException {
    var pod = client.pods().inNamespace(SYSTEM).withLabel("app", app).list().getItems().getFirst();
    return http("http://%s:%d/metrics".formatted(pod.getStatus().getPodIP(), port));
  }

  /** A counter of the node's restorer. */
  double restorerMetric(String name) throws IOException {
    return metrics("pod-snapshot-agent", 8083)
        .lines()
        .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /** Runs {@code local/cluster}. */
  static void cluster(String... arguments) throws IOException, InterruptedException {
    var command = new ArrayList<String>(List.of(System.getProperty("cluster")));
    command.addAll(List.of(arguments));
    var process = new ProcessBuilder(command).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IOException("failed: " + command);
    }
  }

  <T> T await(String what, Supplier<T> source, Predicate<T> done) {
    return await(what, Duration.ofSeconds(90), source, done);
  }

  static <T> T await(String what, Duration limit, Supplier<T> source, Predicate<T> done) {
    var deadline = System.nanoTime() + limit.toNanos();
    T last = null;
    while (System.nanoTime() < deadline) {
      last = source.get();
      if (last != null && done.test(last)) {
        return last;
      }
      sleep(150);
    }
    return fail("%s did not come within %s; last: %s".formatted(what, limit, text(last)));
  }

  static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      fail("interrupted");
    }
  }

  private static String text(Object object) {
    return object instanceof HasMetadata resource
        ? resource.getMetadata().getName() + " " + resource
        : String.valueOf(object);
  }
}
