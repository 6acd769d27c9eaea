package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "delete",
    description =
        "Deletes PodSnapshots with their files, and waits until both are gone; says so if the files can't be deleted.")
final class DeleteCommand extends ClusterCommand {
  @Parameters(paramLabel = "SNAPSHOT", arity = "1..*", description = "Names of PodSnapshots.")
  private List<String> names;

  @Option(
      names = "--wait",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Waits until they are gone (the default), or does not, with --no-wait.")
  private boolean wait;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "2m",
      converter = WaitLimit.class,
      description = "How long to wait, for example 90s or 5m. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Option(names = "--ignore-not-found", description = "One that does not exist is no error.")
  private boolean ignoreNotFound;

  @Override
  int run(Cluster cluster, Console console) throws InterruptedException {
    var found = new ArrayList<PodSnapshot>();
    var missing = new ArrayList<String>();
    for (var name : new LinkedHashSet<>(names)) {
      cluster.snapshot(name).ifPresentOrElse(found::add, () -> missing.add(name));
    }
    var gone = new Deletion(cluster, console, timeout).all(found, wait);
    if (!missing.isEmpty() && !ignoreNotFound) {
      throw new CommandException(
          "not found in namespace %s: %s"
              .formatted(cluster.namespace(), String.join(", ", missing)));
    }
    return gone ? OK : FAILED;
  }
}
