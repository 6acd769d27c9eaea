package dev.podsnapshot.e2e;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** kubectl as a user runs it. */
final class Kubectl {
  private Kubectl() {}

  /** It ended with an error; the message is its own output. */
  static final class FailedException extends RuntimeException {
    private FailedException(String message) {
      super(message);
    }
  }

  static String run(String... arguments) {
    return runWith("", List.of(arguments));
  }

  /** Reads the manifest as {@code -f -}. */
  static String apply(String manifest, String namespace) {
    return runWith(manifest, List.of("apply", "-n", namespace, "-f", "-"));
  }

  private static String runWith(String input, List<String> arguments) {
    var command = new ArrayList<String>(List.of(System.getProperty("cluster"), "kubectl"));
    command.addAll(arguments);
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new FailedException(output);
      }
      return output;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }
}
