package dev.podsnapshot.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** {@code kubectl podsnapshot} as a process of its own, as a user starts it. */
final class Plugin {
  private static final long LIMIT_SECONDS = 180;

  private final String namespace;

  Plugin(String namespace) {
    this.namespace = namespace;
  }

  /** How it ended. */
  record Result(int exit, String out, String err) {
    /** What it printed, if it succeeded. */
    String succeeded() {
      if (exit != 0) {
        throw new AssertionError("exit code %d%n%s%s".formatted(exit, out, err));
      }
      return out;
    }
  }

  /** One that is still running. */
  record Running(Process process, Path out, Path err) {
    Result end() throws IOException, InterruptedException {
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError("still running: " + Files.readString(err));
      }
      var result = new Result(process.exitValue(), Files.readString(out), Files.readString(err));
      Files.delete(out);
      Files.delete(err);
      return result;
    }

    /** Ctrl-C. */
    void interrupt() throws IOException, InterruptedException {
      new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start().waitFor();
    }
  }

  static Path file() {
    return Path.of(System.getProperty("plugin")).toAbsolutePath().normalize();
  }

  Result run(String... arguments) throws IOException, InterruptedException {
    return start("", arguments).end();
  }

  Result runWith(String input, String... arguments) throws IOException, InterruptedException {
    return start(input, arguments).end();
  }

  Running start(String input, String... arguments) throws IOException {
    // A shell that runs the tests in the background has them, and all they start, ignore Ctrl-C.
    var command = new ArrayList<String>(List.of("env", "--default-signal=INT", file().toString()));
    command.addAll(List.of(arguments));
    command.addAll(List.of("-n", namespace));
    var out = Files.createTempFile("plugin", ".out");
    var err = Files.createTempFile("plugin", ".err");
    var builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("KUBECONFIG", System.getProperty("kubeconfig"));
    var process = builder.start();
    try (var in = process.getOutputStream()) {
      in.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // It ended without reading.
    }
    return new Running(process, out, err);
  }
}
