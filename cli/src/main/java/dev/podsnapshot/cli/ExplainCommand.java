package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.Pod;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "explain",
    description = {
      "Tells which snapshot a Pod would get if it started now, or why none: every snapshot of the namespace, the newest first, and the first rule that it fails.",
      "It asks the same function that decides when a Pod starts."
    })
final class ExplainCommand extends ClusterCommand {
  @ArgGroup(multiplicity = "1")
  private Subject subject;

  /** The Pod that is asked about. */
  static final class Subject {
    @Parameters(paramLabel = "POD", description = "Name of a Pod.")
    String name;

    @Option(
        names = {"-f", "--filename"},
        paramLabel = "FILE",
        description = "A Pod that does not exist yet; - is the standard input.")
    Path file;
  }

  @Option(
      names = "--node",
      paramLabel = "NODE",
      description =
          "As if it started on this node; without it, on its own, or on each node if it has none yet.")
  private String node;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "One of ${COMPLETION-CANDIDATES}.")
  private Structured output;

  @Override
  int run(Cluster cluster, Console console) {
    var pod = subject.file == null ? live(cluster) : submitted(cluster);
    var text =
        new ExplanationText(
            pod,
            subject.file == null ? "it exists" : "from %s".formatted(subject.file),
            Restoration.condition(pod, PodSnapshotApi.POD_RESTORED),
            Explanation.of(pod, cluster.policies(), cluster.snapshots(), targets(cluster, pod)),
            Instant.now());
    console.result(output == null ? text.text() : output.text(cluster, text.tree()));
    return OK;
  }

  private Pod live(Cluster cluster) {
    return cluster
        .pod(subject.name)
        .orElseThrow(
            () ->
                new CommandException(
                    "Pod %s/%s does not exist; give the manifest of one that is not yet created with -f"
                        .formatted(cluster.namespace(), subject.name)));
  }

  /** The Pod with all that the API server and its admission would put in, but not created. */
  private Pod submitted(Cluster cluster) {
    var pod = cluster.read(subject.file);
    var name = pod.getMetadata().getName() == null ? "unnamed" : pod.getMetadata().getName();
    var copy = PodCopy.clean(pod, PodNames.like(name));
    var answer = cluster.client().resource(copy).dryRun(true).create();
    answer.getMetadata().setName(name);
    answer.setStatus(null);
    return answer;
  }

  private List<Explanation.Target> targets(Cluster cluster, Pod pod) {
    var name = node != null ? node : pod.getSpec().getNodeName();
    if (name == null) {
      return cluster.nodes().stream().map(ExplainCommand::target).toList();
    }
    return Optional.ofNullable(cluster.client().nodes().withName(name).get())
        .map(n -> List.of(target(n)))
        .orElseThrow(
            () ->
                new CommandException(
                    node == null
                        ? "node %s of the Pod is gone; choose another with --node".formatted(name)
                        : "--node: node %s does not exist".formatted(name)));
  }

  private static Explanation.Target target(Node node) {
    return new Explanation.Target(node.getMetadata().getName(), Fingerprints.of(node));
  }
}
