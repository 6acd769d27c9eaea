package dev.podsnapshot.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotFolderTest {
  private static final Path PARENT = Path.of("/var/lib/podsnapshots/cache");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "../x",
        "/etc",
        "a/b",
        "a/../b",
        "a/",
        "a\\b",
        ".a",
        "a.",
        "A",
        "a b",
        "a\nb",
        "a\u0000",
        "~",
        "-a",
        "*",
        "x.partial/.."
      })
  void aNameThatLeadsElsewhereIsRefused(String name) {
    assertThrows(IllegalArgumentException.class, () -> SnapshotFolder.in(PARENT, name));
  }

  @Test
  void aSnapshotHasAFolder() {
    for (var name : new String[] {"a", "0d6f8b1e-7c8b-3d6a-9a53-3a1ed2a3f4b5", "x".repeat(253)}) {
      assertEquals(PARENT, SnapshotFolder.in(PARENT, name).normalize().getParent());
    }
    assertThrows(IllegalArgumentException.class, () -> SnapshotFolder.in(PARENT, "x".repeat(254)));
  }
}
