package dev.podsnapshot.cli;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The cluster that a command works on.
 *
 * @param namespace the one that is meant where a command does not say another
 */
record Cluster(KubernetesClient client, KubernetesSerialization serialization, String namespace)
    implements AutoCloseable {

  static Cluster connect(Config config) {
    // Fields that a newer server has are no reason to fail.
    var serialization =
        new KubernetesSerialization(
            new ObjectMapper().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES), true);
    return new Cluster(
        new KubernetesClientBuilder()
            .withConfig(config)
            .withKubernetesSerialization(serialization)
            .build(),
        serialization,
        config.getNamespace());
  }

  @Override
  public void close() {
    client.close();
  }

  Optional<PodSnapshot> snapshot(String name) {
    return Optional.ofNullable(
        client.resources(PodSnapshot.class).inNamespace(namespace).withName(name).get());
  }

  PodSnapshot existingSnapshot(String name) {
    return snapshot(name)
        .orElseThrow(
            () ->
                new CommandException(
                    "PodSnapshot %s/%s does not exist; kubectl podsnapshot list -n %s shows those that do"
                        .formatted(namespace, name, namespace)));
  }

  List<PodSnapshot> snapshots() {
    return client.resources(PodSnapshot.class).inNamespace(namespace).list().getItems();
  }

  List<PodSnapshotPolicy> policies() {
    return client.resources(PodSnapshotPolicy.class).inNamespace(namespace).list().getItems();
  }

  Optional<Pod> pod(String name) {
    return Optional.ofNullable(client.pods().inNamespace(namespace).withName(name).get());
  }

  List<Node> nodes() {
    return client.nodes().list().getItems();
  }

  List<Event> events(String object) {
    return client
        .v1()
        .events()
        .inNamespace(namespace)
        .withField("involvedObject.name", object)
        .list()
        .getItems();
  }

  /**
   * Reads a Pod as its author wrote it.
   *
   * @param file {@code -}: standard input
   */
  Pod read(Path file) {
    var items = items(file);
    if (items.size() != 1 || !(items.getFirst() instanceof Pod pod) || pod.getSpec() == null) {
      throw new CommandException(
          "-f: %s must hold one Pod with a spec and nothing else; it holds %s"
              .formatted(file, items.stream().map(HasMetadata::getKind).toList()));
    }
    var meta = pod.getMetadata();
    if (meta.getNamespace() == null) {
      meta.setNamespace(namespace);
    } else if (!meta.getNamespace().equals(namespace)) {
      throw new CommandException(
          "-f: metadata.namespace is %s, but the namespace is %s; pass -n %s"
              .formatted(meta.getNamespace(), namespace, meta.getNamespace()));
    }
    return pod;
  }

  private List<HasMetadata> items(Path file) {
    try (var in = open(file)) {
      return client.load(in).items();
    } catch (IOException e) {
      throw new CommandException("-f: %s can't be read: %s".formatted(file, e.getMessage()));
    } catch (RuntimeException e) { // of several libraries, and of no common kind
      throw new CommandException(
          "-f: %s is no Kubernetes object: %s"
              .formatted(file, String.valueOf(e.getMessage()).strip().replaceAll("\\s+", " ")));
    }
  }

  private static InputStream open(Path file) throws IOException {
    return file.equals(Path.of("-")) ? System.in : Files.newInputStream(file);
  }

  /** Looks for something that this user may perhaps not see. */
  <T> Lookup<T> look(Supplier<T> source) {
    try {
      return Lookup.of(source.get());
    } catch (KubernetesClientException e) {
      if (ApiFailure.unanswered(e) || e.getCode() == HttpURLConnection.HTTP_UNAUTHORIZED) {
        throw e; // nothing else will work either
      }
      return e.getCode() == HttpURLConnection.HTTP_NOT_FOUND
          ? new Lookup.Missing<>()
          : new Lookup.Refused<>(ApiFailure.text(e, client.getConfiguration().getMasterUrl()));
    }
  }

  String json(Object tree) {
    return serialization.asJson(tree);
  }

  String yaml(Object tree) {
    return serialization.asYaml(tree);
  }
}
