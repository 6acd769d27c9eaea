package dev.podsnapshot.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The CRDs that are installed are those of the model; {@code -Dcrds.write} writes them. */
class CrdTest {
  private static final Path FOLDER = Path.of("../kubernetes/crds");

  @Test
  void theInstalledCrdsAreThoseOfTheModel() throws IOException {
    var generated = CrdGenerator.generate();
    assertEquals(5, generated.size());
    for (var file : generated.entrySet()) {
      var path = FOLDER.resolve(file.getKey());
      if (System.getProperty("crds.write") != null) {
        Files.writeString(path, file.getValue());
      }
      assertTrue(Files.exists(path), path + " is missing: run with -Dcrds.write");
      assertEquals(file.getValue(), Files.readString(path), path.toString());
    }
  }
}
