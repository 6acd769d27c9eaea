package dev.podsnapshot.cli;

import java.io.PrintWriter;
import picocli.CommandLine;

/**
 * Where a command writes: results to {@code out}, all else to {@code err}.
 *
 * @param columns of the terminal that {@code err} is; 0: it is none, and progress is not shown
 */
record Console(PrintWriter out, PrintWriter err, int columns) {
  private static final String CLEAR = "\r\033[K";

  static Console of(CommandLine command) {
    return new Console(
        command.getOut(), command.getErr(), Integer.getInteger("podsnapshot.columns", 0));
  }

  /** A result, as whole lines. */
  void result(String text) {
    out.println(text);
    out.flush();
  }

  /** Takes the place of the progress before it. */
  void progress(String line) {
    if (columns > 0) {
      err.print(CLEAR + line);
      err.flush();
    }
  }

  void progress(ProgressLine line) {
    if (columns > 0) {
      progress(line.text(columns - 1));
    }
  }

  void endProgress() {
    progress("");
  }

  /** Something to know that is no result. */
  void note(String text) {
    endProgress();
    err.println(text);
    err.flush();
  }
}
