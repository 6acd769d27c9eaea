package dev.podsnapshot.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The commands as Markdown. */
final class Reference {
  /** Told once: they are those of every command. */
  private static final Set<String> COMMON =
      Set.of("--namespace", "--context", "--kubeconfig", "--help");

  private Reference() {}

  static String of(CommandLine main) {
    var lines = new ArrayList<String>();
    lines.add("<!-- Generated from cli/: mvn -pl common,cli test -Dcli.docs.write -->");
    lines.add("# kubectl podsnapshot");
    lines.add("");
    lines.addAll(List.of(main.getCommandSpec().usageMessage().description()));
    lines.add("");
    lines.add(
        "Results go to the standard output, all else to the standard error; progress is shown on a terminal only. Exit"
            + " codes: 0, it is done; 1, it failed, and the last line says why; 2, it was called wrongly; 130, Ctrl-C.");
    lines.add("");
    lines.add("Every command has these options:");
    lines.add("");
    var commands = new LinkedHashSet<>(main.getSubcommands().values());
    options(
        lines,
        commands.iterator().next().getCommandSpec().options().stream().filter(Reference::common));
    for (var command : commands) {
      command(lines, command.getCommandSpec());
    }
    return String.join("\n", lines) + "\n";
  }

  private static void command(List<String> lines, CommandSpec spec) {
    lines.add("");
    lines.add("## " + spec.name());
    lines.add("");
    lines.add("    " + synopsis(spec));
    lines.add("");
    lines.addAll(List.of(spec.usageMessage().description()));
    lines.add("");
    lines.add("| argument | |");
    lines.add("|---|---|");
    for (var parameter : spec.positionalParameters()) {
      lines.add("| `%s` | %s |".formatted(parameter.paramLabel(), description(parameter)));
    }
    rows(lines, spec.options().stream().filter(o -> !common(o)));
  }

  private static String synopsis(CommandSpec spec) {
    return Stream.concat(
            Stream.of(spec.qualifiedName(), "[options]"),
            spec.positionalParameters().stream().map(Reference::position))
        .collect(Collectors.joining(" "));
  }

  private static String position(PositionalParamSpec parameter) {
    return parameter.group() != null
        ? "(%s | -f FILE)".formatted(parameter.paramLabel())
        : parameter.arity().isVariable() ? parameter.paramLabel() + "..." : parameter.paramLabel();
  }

  private static void options(List<String> lines, Stream<OptionSpec> options) {
    lines.add("| option | |");
    lines.add("|---|---|");
    rows(lines, options);
  }

  private static void rows(List<String> lines, Stream<OptionSpec> options) {
    options
        .sorted(Comparator.comparing(OptionSpec::longestName))
        .map(o -> "| `%s` | %s |".formatted(names(o), description(o)))
        .forEach(lines::add);
  }

  private static String names(OptionSpec option) {
    var names =
        Stream.of(option.names())
            .map(n -> option.negatable() ? n.replace("--", "--[no-]") : n)
            .collect(Collectors.joining(", "));
    return option.typeInfo().isBoolean() ? names : names + " " + option.paramLabel();
  }

  private static String description(ArgSpec argument) {
    return String.join(" ", argument.description()).replace("|", "\\|");
  }

  private static boolean common(OptionSpec option) {
    return COMMON.contains(option.longestName());
  }
}
