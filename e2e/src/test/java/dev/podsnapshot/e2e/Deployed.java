package dev.podsnapshot.e2e;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** The deployed services with other settings, until this is closed. */
final class Deployed implements AutoCloseable {
  private static final String CONTROLLER = "podsnapshot-controller";
  private static final String AGENT = "pod-snapshot-agent";

  private final KubernetesClient client;
  private final Map<String, String> settings;
  private final boolean nodesToo;

  private Deployed(KubernetesClient client, Map<String, String> settings, boolean nodesToo) {
    this.client = client;
    this.settings = settings;
    this.nodesToo = nodesToo;
  }

  static Deployed controllerWith(Map<String, String> settings) throws IOException {
    return with(settings, false);
  }

  /** The controller and the services of the nodes. */
  static Deployed allWith(Map<String, String> settings) throws IOException {
    return with(settings, true);
  }

  private static Deployed with(Map<String, String> settings, boolean nodesToo) throws IOException {
    var kubeconfig = Files.readString(Path.of(System.getProperty("kubeconfig")));
    var client =
        new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig)).build();
    var deployed = new Deployed(client, settings, nodesToo);
    deployed.edit(true);
    return deployed;
  }

  @Override
  public void close() {
    edit(false);
    client.close();
  }

  private void edit(boolean set) {
    var controller = client.apps().deployments().inNamespace(Node.SYSTEM).withName(CONTROLLER);
    controller.edit(
        d -> {
          edit(d.getSpec().getTemplate().getSpec().getContainers(), set);
          return d;
        });
    var agent = client.apps().daemonSets().inNamespace(Node.SYSTEM).withName(AGENT);
    if (nodesToo) {
      agent.edit(
          d -> {
            edit(d.getSpec().getTemplate().getSpec().getContainers(), set);
            return d;
          });
    }
    Node.await(
        "the controller's rollout",
        Duration.ofSeconds(90),
        controller::get,
        d ->
            d.getStatus().getObservedGeneration() >= d.getMetadata().getGeneration()
                && Integer.valueOf(1).equals(d.getStatus().getUpdatedReplicas())
                && Integer.valueOf(1).equals(d.getStatus().getReadyReplicas())
                && Integer.valueOf(1).equals(d.getStatus().getReplicas()));
    Node.await(
        "the agent's rollout",
        Duration.ofSeconds(90),
        agent::get,
        d ->
            d.getStatus().getObservedGeneration() >= d.getMetadata().getGeneration()
                && Integer.valueOf(1).equals(d.getStatus().getUpdatedNumberScheduled())
                && Integer.valueOf(1).equals(d.getStatus().getNumberReady()));
  }

  private void edit(List<Container> containers, boolean set) {
    for (var container : containers) {
      var env = container.getEnv();
      env.removeIf(e -> settings.containsKey(e.getName()));
      if (set) {
        settings.forEach(
            (name, value) -> env.add(new EnvVarBuilder().withName(name).withValue(value).build()));
      }
    }
  }
}
