package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.APIResource;
import io.fabric8.kubernetes.api.model.authorization.v1.ResourceAttributesBuilder;
import io.fabric8.kubernetes.api.model.authorization.v1.SubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the API server lets our ServiceAccounts do, asked of every resource that it has. */
class RbacTest {
  private static final List<String> VERBS =
      List.of(
          "get",
          "list",
          "watch",
          "create",
          "update",
          "patch",
          "delete",
          "deletecollection",
          "bind",
          "escalate",
          "impersonate");

  private static final String ELSEWHERE = "default";
  private static final int AT_ONCE = 16;

  /** Kubernetes gives these to all who are authenticated (system:basic-user). */
  private static final Set<String> EVERYBODY =
      Set.of(
          "create authentication.k8s.io/selfsubjectreviews",
          "create authorization.k8s.io/selfsubjectaccessreviews",
          "create authorization.k8s.io/selfsubjectrulesreviews");

  private static final Set<String> CONTROLLER =
      Set.of(
          "create authentication.k8s.io/tokenreviews",
          "get pods",
          "list pods",
          "watch pods",
          "patch pods/status",
          "get nodes",
          "patch nodes",
          "create events",
          "get podsnapshot.gke.io/podsnapshots",
          "list podsnapshot.gke.io/podsnapshots",
          "watch podsnapshot.gke.io/podsnapshots",
          "create podsnapshot.gke.io/podsnapshots",
          "patch podsnapshot.gke.io/podsnapshots",
          "delete podsnapshot.gke.io/podsnapshots",
          "update podsnapshot.gke.io/podsnapshots/status",
          "get podsnapshot.gke.io/podsnapshotstorageconfigs",
          "list podsnapshot.gke.io/podsnapshotstorageconfigs",
          "watch podsnapshot.gke.io/podsnapshotstorageconfigs",
          "get podsnapshot.gke.io/podsnapshotpolicies",
          "list podsnapshot.gke.io/podsnapshotpolicies",
          "watch podsnapshot.gke.io/podsnapshotpolicies",
          "get podsnapshot.gke.io/podsnapshotmanualtriggers",
          "list podsnapshot.gke.io/podsnapshotmanualtriggers",
          "watch podsnapshot.gke.io/podsnapshotmanualtriggers",
          "patch podsnapshot.gke.io/podsnapshotstorageconfigs/status",
          "patch podsnapshot.gke.io/podsnapshotpolicies/status",
          "patch podsnapshot.gke.io/podsnapshotmanualtriggers/status");

  private static final Set<String> CONTROLLER_IN_ITS_NAMESPACE =
      Set.of(
          "create secrets",
          "create configmaps",
          "create coordination.k8s.io/leases",
          "create discovery.k8s.io/endpointslices");

  private KubernetesClient client;

  @BeforeEach
  void open() throws IOException {
    var kubeconfig = Files.readString(Path.of(System.getProperty("kubeconfig")));
    client = new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig)).build();
  }

  @AfterEach
  void close() {
    client.close();
  }

  /** A resource of the API, with its group. */
  private record Resource(String group, String name) {
    @Override
    public String toString() {
      return group.isEmpty() ? name : group + "/" + name;
    }
  }

  private List<Resource> resources() {
    var result = new ArrayList<Resource>();
    client.getApiResources("v1").getResources().stream()
        .map(APIResource::getName)
        .forEach(name -> result.add(new Resource("", name)));
    for (var group : client.getApiGroups().getGroups()) {
      for (var version : group.getVersions()) {
        client.getApiResources(version.getGroupVersion()).getResources().stream()
            .map(APIResource::getName)
            .map(name -> new Resource(group.getName(), name))
            .filter(r -> !result.contains(r))
            .forEach(result::add);
      }
    }
    return result;
  }

  private boolean allowed(
      String account, String verb, Resource resource, String namespace, String name) {
    var parts = resource.name().split("/", 2);
    return client
        .authorization()
        .v1()
        .subjectAccessReview()
        .create(
            new SubjectAccessReviewBuilder()
                .withNewSpec()
                .withUser("system:serviceaccount:%s:%s".formatted(Node.SYSTEM, account))
                .withGroups(
                    "system:serviceaccounts",
                    "system:serviceaccounts:" + Node.SYSTEM,
                    "system:authenticated")
                .withResourceAttributes(
                    new ResourceAttributesBuilder()
                        .withVerb(verb)
                        .withGroup(resource.group())
                        .withResource(parts[0])
                        .withSubresource(parts.length > 1 ? parts[1] : null)
                        .withNamespace(namespace)
                        .withName(name)
                        .build())
                .endSpec()
                .build())
        .getStatus()
        .getAllowed();
  }

  private Set<String> rights(String account, String namespace) throws Exception {
    var asked = new ArrayList<Future<String>>();
    try (var workers = Executors.newFixedThreadPool(AT_ONCE)) {
      for (var resource : resources()) {
        for (var verb : VERBS) {
          Callable<String> question =
              () -> allowed(account, verb, resource, namespace, null) ? verb + " " + resource : "";
          asked.add(workers.submit(question));
        }
      }
    }
    var rights = new TreeSet<String>();
    for (var answer : asked) {
      rights.add(answer.get());
    }
    rights.remove("");
    assertTrue(rights.containsAll(EVERYBODY), "the questions are understood: " + rights);
    rights.removeAll(EVERYBODY);
    return rights;
  }

  @Test
  void theAgentMayDoNothing() throws Exception {
    assertEquals(Set.of(), rights("pod-snapshot-agent", Node.SYSTEM));
    assertEquals(Set.of(), rights("pod-snapshot-agent", ELSEWHERE));
  }

  @Test
  void theControllerMayDoThisAndNoMore() throws Exception {
    assertEquals(new TreeSet<>(CONTROLLER), rights("podsnapshot-controller", ELSEWHERE));
    var here = new TreeSet<>(CONTROLLER);
    here.addAll(CONTROLLER_IN_ITS_NAMESPACE);
    assertEquals(here, rights("podsnapshot-controller", Node.SYSTEM));
  }

  @Test
  void theControllerReadsItsOwnSecretOnly() {
    for (var verb : VERBS) {
      var own = Set.of("get", "update").contains(verb);
      assertEquals(own || verb.equals("create"), secret(verb, "podsnapshot-controller-tls"), verb);
      assertEquals(verb.equals("create"), secret(verb, "another"), verb);
      assertEquals(
          own || verb.equals("create"),
          allowed(
              "podsnapshot-controller",
              verb,
              new Resource("", "configmaps"),
              Node.SYSTEM,
              "podsnapshot-ca"),
          verb);
    }
  }

  private boolean secret(String verb, String name) {
    return allowed("podsnapshot-controller", verb, new Resource("", "secrets"), Node.SYSTEM, name);
  }
}
