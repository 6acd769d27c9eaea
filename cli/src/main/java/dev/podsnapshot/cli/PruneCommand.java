package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.matching.SnapshotAge;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "prune",
    description = {
      "Deletes PodSnapshots that are of no use: those that failed, and those whose policy is gone.",
      "With --older-than also old ones; with --keep, the newest of each group stay whatever their age, and without --older-than all others go. Those under way are left alone."
    })
final class PruneCommand extends ClusterCommand {
  @Option(
      names = {"-A", "--all-namespaces"},
      description = "In all namespaces.")
  private boolean allNamespaces;

  @Option(
      names = "--older-than",
      paramLabel = "AGE",
      converter = AgeOption.class,
      description = "Also those made longer ago, for example 90min, 12h, 30d, 6mo or 1y.")
  private Duration olderThan;

  @Option(
      names = "--keep",
      paramLabel = "N",
      description =
          "Keeps the N newest that are Ready of each group: a policy, and the values of its grouping labels.")
  private Integer keep;

  @Option(names = "--dry-run", description = "Shows what would be deleted, and deletes nothing.")
  private boolean dryRun;

  @Option(
      names = {"-y", "--yes"},
      description = "Deletes without asking.")
  private boolean yes;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5m",
      converter = WaitLimit.class,
      description = "How long to wait until they are gone. Default: ${DEFAULT-VALUE}.")
  private Duration timeout;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      description = "Prints the plan as one of ${COMPLETION-CANDIDATES}; needs --dry-run or --yes.")
  private Structured output;

  @Spec private CommandSpec spec;

  @Override
  int run(Cluster cluster, Console console) throws InterruptedException {
    if (keep != null && keep < 0) {
      throw new ParameterException(spec.commandLine(), "--keep: %d is less than 0".formatted(keep));
    }
    if (output != null && !dryRun && !yes) {
      throw new ParameterException(
          spec.commandLine(), "-o: a program can't be asked; add --dry-run or --yes");
    }
    var snapshots = cluster.client().resources(PodSnapshot.class);
    var policies = cluster.client().resources(PodSnapshotPolicy.class);
    var namespace = cluster.namespace();
    // The snapshots first: a policy that is made in between is then seen.
    var all =
        (allNamespaces ? snapshots.inAnyNamespace() : snapshots.inNamespace(namespace))
            .list()
            .getItems();
    var plan =
        PrunePlan.of(
            all,
            (allNamespaces ? policies.inAnyNamespace() : policies.inNamespace(namespace))
                .list()
                .getItems(),
            new PrunePlan.Rules(
                Optional.ofNullable(olderThan),
                keep == null ? OptionalInt.empty() : OptionalInt.of(keep)),
            Instant.now());
    show(cluster, console, plan, all.size());
    if (plan.items().isEmpty() || dryRun) {
      return OK;
    }
    if (!yes && !confirmed(console, plan.items().size())) {
      throw new CommandException("nothing was deleted; to delete without being asked: --yes");
    }
    var results = output == null ? console : new Console(console.err(), console.err(), 0);
    return new Deletion(cluster, results, timeout)
            .all(plan.items().stream().map(PrunePlan.Item::snapshot).toList(), true)
        ? OK
        : FAILED;
  }

  private void show(Cluster cluster, Console console, PrunePlan plan, int all) {
    if (output != null) {
      console.result(output.text(cluster, plan.items().stream().map(PruneCommand::tree).toList()));
      return;
    }
    if (plan.items().isEmpty()) {
      console.note("Nothing to prune (PodSnapshots looked at: %d).".formatted(all));
      return;
    }
    var header = new ArrayList<>(List.of("NAME", "AGE", "REASON", "WHY"));
    if (allNamespaces) {
      header.addFirst("NAMESPACE");
    }
    console.result(
        new Table(header, plan.items().stream().map(i -> row(i, Instant.now())).toList()).text());
  }

  private List<String> row(PrunePlan.Item item, Instant now) {
    var meta = item.snapshot().getMetadata();
    var row =
        new ArrayList<>(
            List.of(
                meta.getName(),
                Ages.since(SnapshotAge.created(item.snapshot()), now),
                item.cause().text(),
                item.why()));
    if (allNamespaces) {
      row.addFirst(meta.getNamespace());
    }
    return row;
  }

  private static Object tree(PrunePlan.Item item) {
    var tree = new LinkedHashMap<String, Object>();
    tree.put("namespace", item.snapshot().getMetadata().getNamespace());
    tree.put("name", item.snapshot().getMetadata().getName());
    tree.put("created", item.snapshot().getMetadata().getCreationTimestamp());
    tree.put("reason", item.cause().text());
    tree.put("message", item.why());
    return tree;
  }

  private static boolean confirmed(Console console, int count) {
    console.err().print("Delete these %d PodSnapshots and their files? [y/N] ".formatted(count));
    console.err().flush();
    try {
      var answer =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
      if (answer == null) {
        console.err().println();
      }
      return answer != null
          && List.of("y", "yes").contains(answer.strip().toLowerCase(Locale.ROOT));
    } catch (IOException e) {
      return false;
    }
  }
}
