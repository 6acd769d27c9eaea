package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "list",
    description =
        "Lists PodSnapshots, the newest first: the order in which a restore looks at them.")
final class ListCommand extends ClusterCommand {
  @Option(
      names = {"-A", "--all-namespaces"},
      description = "Of all namespaces.")
  private boolean allNamespaces;

  @Option(
      names = {"-l", "--selector"},
      paramLabel = "SELECTOR",
      description = "Only those with these labels, as kubectl takes them: a=b,c!=d,e in (f,g).")
  private String selector;

  @Option(names = "--pod", paramLabel = "POD", description = "Only those taken of this Pod.")
  private String pod;

  @Option(names = "--policy", paramLabel = "POLICY", description = "Only those of this policy.")
  private String policy;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "One of ${COMPLETION-CANDIDATES}.")
  private ListFormat output;

  @Override
  int run(Cluster cluster, Console console) {
    var resources = cluster.client().resources(PodSnapshot.class);
    var scoped =
        allNamespaces ? resources.inAnyNamespace() : resources.inNamespace(cluster.namespace());
    var found =
        (selector == null ? scoped.list() : scoped.withLabelSelector(selector).list())
            .getItems().stream()
                .filter(s -> policy == null || policy.equals(s.getSpec().policyName()))
                .filter(
                    s ->
                        pod == null
                            || pod.equals(SnapshotTable.annotation(s, PodSnapshotApi.ORIGIN_POD)))
                .sorted(SnapshotTable.ORDER)
                .toList();
    var structured = output == null ? null : output.structured().orElse(null);
    if (structured != null) {
      console.result(structured.text(cluster, list(found)));
    } else if (found.isEmpty()) {
      console.note(
          allNamespaces
              ? "No PodSnapshots found."
              : "No PodSnapshots found in namespace %s.".formatted(cluster.namespace()));
    } else {
      console.result(
          new SnapshotTable(allNamespaces, output == ListFormat.WIDE, Instant.now())
              .of(found)
              .text());
    }
    return OK;
  }

  /** As kubectl prints several objects. */
  private static Object list(List<PodSnapshot> snapshots) {
    var list = new LinkedHashMap<String, Object>();
    list.put("apiVersion", "v1");
    list.put("kind", "List");
    list.put("items", snapshots);
    return list;
  }
}
