package dev.podsnapshot.cli;

import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;

@Command(
    name = "kubectl podsnapshot",
    description = "Takes, inspects, restores and deletes Pod snapshots.",
    versionProvider = Main.Version.class,
    subcommands = {
      CreateCommand.class,
      ListCommand.class,
      DescribeCommand.class,
      ExplainCommand.class,
      RestoreCommand.class,
      DeleteCommand.class,
      PruneCommand.class,
      CheckCommand.class
    })
final class Main {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Shows this text.")
  private boolean help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Shows the version.")
  private boolean version;

  /** What the archive's manifest says. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        Optional.ofNullable(Main.class.getPackage().getImplementationVersion())
            .orElse("development")
      };
    }
  }

  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(
            (e, args) -> {
              var command = e.getCommandLine();
              command
                  .getErr()
                  .printf(
                      "error: %s%nSee: %s --help%n",
                      e.getMessage(), command.getCommandSpec().qualifiedName());
              return command.getCommandSpec().exitCodeOnInvalidInput();
            })
        .setExecutionExceptionHandler(
            (e, command, result) -> {
              command.getErr().println("error: " + message(e));
              return command.getCommandSpec().exitCodeOnExecutionException();
            });
  }

  /** A failure that nobody foresaw is told with its kind and its cause. */
  private static String message(Exception e) {
    if (e instanceof CommandException) {
      return e.getMessage();
    }
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root == e ? e.toString() : "%s (%s)".formatted(e, root);
  }
}
