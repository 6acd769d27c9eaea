package dev.podsnapshot.cli;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Which cluster and namespace: kubectl's own options, with their meaning. */
final class ConnectionOptions {
  private static final int CONNECT_MILLIS = 10_000;
  private static final int REQUEST_MILLIS = 30_000;

  /** A refused connection is told soon; an API server that is short of breath is asked again. */
  private static final int RETRIES = 3;

  @Option(
      names = {"-n", "--namespace"},
      paramLabel = "NAMESPACE",
      description = "The namespace; without it, that of the kubeconfig's context.")
  private String namespace;

  @Option(
      names = "--context",
      paramLabel = "NAME",
      description = "The kubeconfig's context; without it, the current one.")
  private String context;

  @Option(
      names = "--kubeconfig",
      paramLabel = "FILE",
      description = "The kubeconfig; without it, $KUBECONFIG, or else ~/.kube/config.")
  private Path kubeconfig;

  Cluster open() {
    var config = config();
    config.setConnectionTimeout(CONNECT_MILLIS);
    config.setRequestTimeout(REQUEST_MILLIS);
    config.setRequestRetryBackoffLimit(RETRIES);
    if (namespace != null) {
      config.setNamespace(namespace);
    } else if (config.getNamespace() == null || config.getNamespace().isEmpty()) {
      config.setNamespace("default");
    }
    return Cluster.connect(config);
  }

  private Config config() {
    if (kubeconfig != null && !Files.isReadable(kubeconfig)) {
      throw new CommandException(
          "--kubeconfig: %s does not exist or can't be read".formatted(kubeconfig));
    }
    Config config;
    try {
      config =
          kubeconfig == null
              ? Config.autoConfigure(context)
              : Config.fromKubeconfig(context, kubeconfig.toFile());
    } catch (KubernetesClientException e) {
      throw new CommandException(
          "%s: %s".formatted(kubeconfig == null ? "KUBECONFIG" : "--kubeconfig", e.getMessage()));
    }
    var current = Optional.ofNullable(config.getCurrentContext()).map(c -> c.getName());
    if (context != null && !Optional.of(context).equals(current)) {
      var known =
          config.getContexts() == null
              ? ""
              : config.getContexts().stream()
                  .map(c -> c.getName())
                  .collect(Collectors.joining(", "));
      throw new CommandException(
          "--context: the kubeconfig has no context %s; it has: %s"
              .formatted(context, known.isEmpty() ? Table.NONE : known));
    }
    if (current.isEmpty() && !Files.exists(Path.of(Config.KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH))) {
      throw new CommandException(
          "no cluster: neither --kubeconfig, nor $KUBECONFIG, nor ~/.kube/config names one with a current context");
    }
    return config;
  }
}
