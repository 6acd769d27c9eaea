package dev.podsnapshot.cli;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that works on a cluster. */
abstract class ClusterCommand implements Callable<Integer> {
  static final int OK = 0;
  static final int FAILED = 1;

  @Mixin private ConnectionOptions connection;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this text.")
  private boolean help;

  @Spec private CommandSpec spec;

  @Override
  public final Integer call() throws InterruptedException {
    try (var cluster = connection.open()) {
      try {
        return run(cluster, Console.of(spec.commandLine()));
      } catch (KubernetesClientException e) {
        throw new CommandException(
            ApiFailure.text(e, cluster.client().getConfiguration().getMasterUrl()));
      }
    }
  }

  /** Returns the exit code. */
  abstract int run(Cluster cluster, Console console) throws InterruptedException;
}
