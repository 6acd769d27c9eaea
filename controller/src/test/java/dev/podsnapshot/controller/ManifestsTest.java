package dev.podsnapshot.controller;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.PolicyRule;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manifests give each service what it needs and nothing more. */
class ManifestsTest {
  private static final String CONTROLLER = "podsnapshot-controller";
  private static final String AGENT = "pod-snapshot-agent";

  private static final Set<String> IN_THE_CLUSTER =
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

  private static final Set<String> IN_ITS_NAMESPACE =
      Set.of(
          "create secrets",
          "create configmaps",
          "get secrets podsnapshot-controller-tls",
          "update secrets podsnapshot-controller-tls",
          "get configmaps podsnapshot-ca",
          "update configmaps podsnapshot-ca",
          "create coordination.k8s.io/leases",
          "get coordination.k8s.io/leases podsnapshot-controller",
          "update coordination.k8s.io/leases podsnapshot-controller",
          "patch coordination.k8s.io/leases podsnapshot-controller",
          "create discovery.k8s.io/endpointslices",
          "get discovery.k8s.io/endpointslices podsnapshot-controller",
          "update discovery.k8s.io/endpointslices podsnapshot-controller");

  private final List<HasMetadata> manifests = read();

  private static List<HasMetadata> read() {
    var serialization = new KubernetesSerialization();
    var result = new ArrayList<HasMetadata>();
    try (var files = Files.newDirectoryStream(Path.of("../kubernetes/base"), "*.yaml")) {
      for (var file : files) {
        if (!file.endsWith("kustomization.yaml")) {
          Object parsed = serialization.unmarshal(Files.newInputStream(file));
          (parsed instanceof Collection<?> several ? several.stream() : Stream.of(parsed))
              .map(HasMetadata.class::cast)
              .forEach(result::add);
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return result;
  }

  private <T extends HasMetadata> List<T> all(Class<T> type) {
    return manifests.stream().filter(type::isInstance).map(type::cast).toList();
  }

  private <T extends HasMetadata> T named(Class<T> type, String name) {
    return all(type).stream()
        .filter(o -> o.getMetadata().getName().equals(name))
        .findFirst()
        .orElseThrow();
  }

  /** {@code verb group/resource name} for each that the rules allow. */
  private static Set<String> rights(List<PolicyRule> rules) {
    return rules.stream()
        .flatMap(
            rule ->
                rule.getApiGroups().stream()
                    .flatMap(
                        group ->
                            rule.getResources().stream()
                                .map(r -> group.isEmpty() ? r : group + "/" + r))
                    .flatMap(resource -> rule.getVerbs().stream().map(v -> v + " " + resource))
                    .flatMap(
                        right ->
                            rule.getResourceNames().isEmpty()
                                ? Stream.of(right)
                                : rule.getResourceNames().stream().map(n -> right + " " + n)))
        .collect(Collectors.toSet());
  }

  @Test
  void theControllersRightsAreThese() {
    assertEquals(
        new TreeSet<>(IN_THE_CLUSTER),
        new TreeSet<>(rights(named(ClusterRole.class, CONTROLLER).getRules())));
    assertEquals(
        new TreeSet<>(IN_ITS_NAMESPACE),
        new TreeSet<>(rights(named(Role.class, CONTROLLER).getRules())));
  }

  @Test
  void nobodyElseIsGivenAnything() {
    assertEquals(1, all(ClusterRole.class).size());
    assertEquals(1, all(Role.class).size());
    var subjects =
        Stream.concat(
                all(ClusterRoleBinding.class).stream().flatMap(b -> b.getSubjects().stream()),
                all(RoleBinding.class).stream().flatMap(b -> b.getSubjects().stream()))
            .map(Subject::getName)
            .collect(Collectors.toSet());
    assertEquals(Set.of(CONTROLLER), subjects, "the agent has no right at all");
  }

  @Test
  void theAgentHoldsATokenForTheControllerOnly() {
    var pod = named(DaemonSet.class, AGENT).getSpec().getTemplate().getSpec();
    assertEquals(AGENT, pod.getServiceAccountName());
    assertFalse(pod.getAutomountServiceAccountToken());
    assertFalse(named(ServiceAccount.class, AGENT).getAutomountServiceAccountToken());
    var tokens =
        pod.getVolumes().stream()
            .filter(v -> v.getProjected() != null)
            .flatMap(v -> v.getProjected().getSources().stream())
            .filter(s -> s.getServiceAccountToken() != null)
            .map(s -> s.getServiceAccountToken())
            .toList();
    assertEquals(1, tokens.size());
    assertEquals("podsnapshot-controller", tokens.getFirst().getAudience());
    assertEquals(3600, tokens.getFirst().getExpirationSeconds());
  }

  /** The uploader parses nothing of the controller's: it needs no line to it. */
  @Test
  void theUploaderHasNoTokenAndNoPrivilege() {
    var pod = named(DaemonSet.class, AGENT).getSpec().getTemplate().getSpec();
    var uploader =
        pod.getContainers().stream()
            .filter(c -> c.getName().equals("uploader"))
            .findFirst()
            .orElseThrow();
    assertFalse(uploader.getSecurityContext().getAllowPrivilegeEscalation());
    assertNotEquals(true, uploader.getSecurityContext().getPrivileged());
    assertEquals(List.of("ALL"), uploader.getSecurityContext().getCapabilities().getDrop());
    assertTrue(
        uploader.getVolumeMounts().stream()
            .noneMatch(m -> Set.of("fleet", "run", "host", "containerd").contains(m.getName())));
  }

  /** Its services speak plainly to each other on loopback. */
  @Test
  void theAgentHasANetworkOfItsOwn() throws IOException {
    var pod = named(DaemonSet.class, AGENT).getSpec().getTemplate().getSpec();
    assertNull(pod.getHostNetwork());
    var uploader =
        Files.readString(Path.of("../uploader/src/main/resources/application.properties"));
    assertTrue(uploader.contains("quarkus.grpc.server.host=127.0.0.1"), uploader);
  }

  @Test
  void onlyAgentsReachTheControllersPort() {
    var policy = named(NetworkPolicy.class, CONTROLLER).getSpec();
    assertEquals(Map.of("app", CONTROLLER), policy.getPodSelector().getMatchLabels());
    var toGrpc =
        policy.getIngress().stream()
            .filter(rule -> rule.getPorts().getFirst().getPort().getStrVal().equals("grpc"))
            .toList();
    assertEquals(1, toGrpc.size());
    assertEquals(1, toGrpc.getFirst().getFrom().size());
    assertEquals(
        Map.of("app", AGENT),
        toGrpc.getFirst().getFrom().getFirst().getPodSelector().getMatchLabels());
  }

  @Test
  void theControllerRunsWithoutPrivilege() {
    var container =
        named(Deployment.class, CONTROLLER)
            .getSpec()
            .getTemplate()
            .getSpec()
            .getContainers()
            .getFirst()
            .getSecurityContext();
    assertTrue(container.getRunAsNonRoot());
    assertTrue(container.getReadOnlyRootFilesystem());
    assertFalse(container.getAllowPrivilegeEscalation());
    assertEquals(List.of("ALL"), container.getCapabilities().getDrop());
  }
}
