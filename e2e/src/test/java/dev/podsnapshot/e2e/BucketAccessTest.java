package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceAccountBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Buckets in the name of the Pods' ServiceAccounts, as the guide has it ({@code podKSA}): a real
 * token of the cluster is exchanged at a token service, and the store lets in whom the bucket's
 * owner granted it.
 */
@Isolated
class BucketAccessTest {
  private static final Pattern READ = Pattern.compile("^/storage/v1/b/[^/]+/o/[^/]+$");
  private static KubernetesClient admin;
  private static TokenService tokens;
  private static StoreProxy store;
  private static Deployed deployed;

  /** {@code namespace/account} of those to whom the bucket was granted. */
  private static final Set<String> granted = ConcurrentHashMap.newKeySet();

  /** Who wrote objects, and who read some. */
  private static final Set<String> writers = ConcurrentHashMap.newKeySet();

  private static final Set<String> readers = ConcurrentHashMap.newKeySet();

  private Node node;

  @BeforeAll
  static void tokensAreAskedFor() throws IOException {
    admin =
        new KubernetesClientBuilder()
            .withConfig(
                Config.fromKubeconfig(Files.readString(Path.of(System.getProperty("kubeconfig")))))
            .build();
    tokens = new TokenService(admin);
    store = new StoreProxy("http://10.87.0.2:4443");
    store.guard(BucketAccessTest::allows);
    Kubectl.run("apply", "-k", "../kubernetes/bucket-access");
    deployed =
        Deployed.allWith(
            Map.of(
                "PODSNAPSHOT_STORE_ENDPOINT",
                store.endpoint(),
                "PODSNAPSHOT_BUCKET_ACCESS_PROVIDER",
                TokenService.PROVIDER,
                "PODSNAPSHOT_BUCKET_ACCESS_EXCHANGE",
                tokens.endpoint()));
  }

  @AfterAll
  static void asBefore() {
    deployed.close();
    Kubectl.run("delete", "-k", "../kubernetes/bucket-access");
    store.close();
    tokens.close();
    admin.close();
  }

  /**
   * Without a token it is one of our services in its own name: the controller, which looks at
   * buckets and deletes; no other has a right here.
   */
  private static boolean allows(String method, String path, String authorization) {
    if (authorization == null) {
      return method.equals("DELETE") || method.equals("GET") && !READ.matcher(path).matches();
    }
    var caller = tokens.principal(authorization);
    if (caller.filter(granted::contains).isEmpty()) {
      return false;
    }
    if (method.equals("POST") || method.equals("PUT")) {
      writers.add(caller.get());
    } else if (READ.matcher(path).matches()) {
      readers.add(caller.get());
    }
    return true;
  }

  @BeforeEach
  void open() throws IOException {
    node = new Node();
    for (var account : List.of("owner", "stranger")) {
      node.client
          .resource(new ServiceAccountBuilder().withMetadata(node.meta(account).build()).build())
          .create();
    }
    granted.add(node.namespace + "/owner");
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Leftovers.expectNoSandboxes(node);
    Leftovers.expectNothingUnderWay();
    node.close();
  }

  private PodBuilder pod(String name, String account) {
    return node.pod(name, "app").editSpec().withServiceAccountName(account).endSpec();
  }

  private Optional<Condition> condition(String snapshot, String type) {
    return node.find(snapshot)
        .filter(s -> s.getStatus() != null)
        .flatMap(s -> Conditions.find(s.getStatus().conditions(), type));
  }

  @Test
  void aPodIsStoredAndRestoredInItsOwnName() throws IOException {
    node.await(
        "the token source",
        () ->
            Conditions.find(
                    node.client
                        .resources(PodSnapshotStorageConfig.class)
                        .withName(node.namespace)
                        .get()
                        .getStatus()
                        .conditions(),
                    "TokenSourceInEffect")
                .orElse(null),
        c -> "True".equals(c.getStatus()) && "PodServiceAccounts".equals(c.getReason()));
    node.run(pod("first", "owner"));
    var id = node.state("first").path("id").asText();
    var snapshot = node.snapshot("first");
    assertTrue(writers.contains(node.namespace + "/owner"));
    node.delete("first");

    node.run(pod("second", "owner"));
    assertEquals(id, node.state("second").path("id").asText());
    assertTrue(readers.contains(node.namespace + "/owner"));
    assertTrue(node.podRestored("second").getMessage().contains(snapshot));
    node.delete("second");

    // It is in the node's cache now, and still not everybody's.
    node.runCold(pod("third", "stranger"), id, "does not have storage.objects access");
    assertFalse(readers.contains(node.namespace + "/stranger"));
    assertEquals("PermissionDenied", node.podRestored("third").getReason());
  }

  @Test
  void whoMayNotWriteStoresNothingAndReadsWhy() {
    node.run(pod("first", "stranger"));
    node.createTrigger("trigger", "first");
    var snapshot =
        node.await("a snapshot", node::snapshots, found -> found.size() == 1)
            .getFirst()
            .getMetadata()
            .getName();
    var failed =
        node.await(
                "the upload's end",
                () -> condition(snapshot, Conditions.STORAGE_REPLICATED),
                c -> c.isPresent() && "False".equals(c.get().getStatus()))
            .orElseThrow();
    assertTrue(failed.getMessage().contains("does not have storage.objects access"));
    assertFalse(Files.exists(node.objects(snapshot)), "objects of a failed upload");
    assertFalse(Files.exists(Path.of("/var/lib/podsnapshots/spool", snapshot)));
  }

  /** The controller is no more than what it needs: it can't become whom it likes. */
  @Test
  void theControllersTokensAreForTheProviderOnly() {
    for (var audience : List.of("", "--audience=https://kubernetes.default.svc.cluster.local")) {
      var refused =
          assertThrows(Kubectl.FailedException.class, () -> tokenAsController(audience))
              .getMessage();
      assertTrue(refused.contains("for a workload identity provider only"), refused);
    }
    assertFalse(
        tokenAsController("--audience=https:" + TokenService.PROVIDER).isBlank(),
        "the one that it needs");
  }

  private String tokenAsController(String audience) {
    var command =
        List.of(
            "create",
            "token",
            "owner",
            "-n",
            node.namespace,
            "--as=system:serviceaccount:podsnapshot-system:podsnapshot-controller",
            audience);
    return Kubectl.run(command.stream().filter(word -> !word.isEmpty()).toArray(String[]::new));
  }
}
