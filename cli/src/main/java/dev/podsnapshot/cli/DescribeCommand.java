package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshotApi;
import java.time.Instant;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "describe",
    description =
        "Shows all about one PodSnapshot: conditions, events, where its files lie, and the nodes it can be restored on.")
final class DescribeCommand extends ClusterCommand {
  @Parameters(paramLabel = "SNAPSHOT", description = "Its name.")
  private String name;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "The object itself, as one of ${COMPLETION-CANDIDATES}.")
  private Structured output;

  @Override
  int run(Cluster cluster, Console console) {
    var snapshot = cluster.existingSnapshot(name);
    if (output != null) {
      console.result(output.text(cluster, snapshot));
      return OK;
    }
    var origin = SnapshotTable.annotation(snapshot, PodSnapshotApi.ORIGIN_POD);
    var events =
        Stream.concat(
                cluster.events(name).stream(),
                cluster.events(origin).stream().filter(e -> e.getMessage().contains(name)))
            .toList();
    console.result(
        new Description(
                snapshot,
                cluster.policies().stream()
                    .filter(p -> p.getMetadata().getName().equals(snapshot.getSpec().policyName()))
                    .findFirst(),
                cluster.look(cluster::nodes),
                events,
                Instant.now())
            .text());
    return OK;
  }
}
