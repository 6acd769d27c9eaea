package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@code docs/cli.md} is the one of these commands; {@code -Dcli.docs.write} writes it. */
class ReferenceTest {
  private static final Path FILE = Path.of("../docs/cli.md");

  @Test
  void theReferenceIsThatOfTheCommands() throws IOException {
    var reference = Reference.of(Main.commandLine());
    if (System.getProperty("cli.docs.write") != null) {
      Files.writeString(FILE, reference);
    }
    assertTrue(Files.exists(FILE), FILE + " is missing: run with -Dcli.docs.write");
    assertEquals(reference, Files.readString(FILE), "run with -Dcli.docs.write");
  }
}
