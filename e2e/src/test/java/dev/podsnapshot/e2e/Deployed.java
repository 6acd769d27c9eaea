package dev.podsnapshot.e2e;

import io.fabric8.kubernetes.api.model.EnvVarBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** The deployed controller with other settings, until it is closed. */
final class Deployed implements AutoCloseable {
  private static final String NAME = "podsnapshot-controller";

  private final KubernetesClient client;
  private final Map<String, String> settings;

  private Deployed(KubernetesClient client, Map<String, String> settings) {
    this.client = client;
    this.settings = settings;
  }

  static Deployed controllerWith(Map<String, String> settings) throws IOException {
    var kubeconfig = Files.readString(Path.of(System.getProperty("kubeconfig")));
    var client =
        new KubernetesClientBuilder().withConfig(Config.fromKubeconfig(kubeconfig)).build();
    var deployed = new Deployed(client, settings);
    deployed.edit(true);
    return deployed;
  }

  @Override
  public void close() {
    edit(false);
    client.close();
  }

  private void edit(boolean set) {
    var deployment = client.apps().deployments().inNamespace(Node.SYSTEM).withName(NAME);
    deployment.edit(
        d -> {
          var env = d.getSpec().getTemplate().getSpec().getContainers().getFirst().getEnv();
          env.removeIf(e -> settings.containsKey(e.getName()));
          if (set) {
            settings.forEach(
                (name, value) ->
                    env.add(new EnvVarBuilder().withName(name).withValue(value).build()));
          }
          return d;
        });
    Node.await(
        "the controller's rollout",
        Duration.ofSeconds(90),
        deployment::get,
        d ->
            d.getStatus().getObservedGeneration() >= d.getMetadata().getGeneration()
                && Integer.valueOf(1).equals(d.getStatus().getUpdatedReplicas())
                && Integer.valueOf(1).equals(d.getStatus().getReadyReplicas())
                && Integer.valueOf(1).equals(d.getStatus().getReplicas()));
  }
}
