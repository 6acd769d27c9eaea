package dev.podsnapshot.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SnapshotManifestTest {
  private static SnapshotManifest manifest(StoredFile... files) {
    return new SnapshotManifest(
        SnapshotManifest.FORMAT,
        "name",
        "v1-hash",
        new SnapshotManifest.Node("r", "systrap", "amd64", Set.of("avx")),
        List.of(files));
  }

  @Test
  void whatIsWrittenIsRead() throws InvalidManifestException {
    var manifest = manifest(new StoredFile("pages.img", 25, 10, List.of(1, -2, 3)));
    assertEquals(manifest, SnapshotManifest.parse(manifest.toJson()));
    assertEquals(25, manifest.bytes());
    assertEquals(5, manifest.files().getFirst().chunkLength(2));
  }

  @Test
  void whatContradictsItselfIsRefused() {
    assertRefused("checksums", manifest(new StoredFile("pages.img", 25, 10, List.of(1, 2))));
    assertRefused("unknown file", manifest(new StoredFile("../x", 1, 10, List.of(1))));
    assertRefused("no file", manifest());
    assertRefused(
        "format",
        new SnapshotManifest(
            2, "n", "h", null, List.of(new StoredFile("pages.img", 0, 10, List.of()))));
  }

  @Test
  void whatIsNoManifestIsRefused() {
    assertThrows(
        InvalidManifestException.class,
        () -> SnapshotManifest.parse("[]".getBytes(StandardCharsets.UTF_8)));
  }

  private static void assertRefused(String why, SnapshotManifest manifest) {
    var json =
        manifest.node() == null
            ? new SnapshotManifest(
                    manifest.format(),
                    manifest.snapshot(),
                    manifest.specHash(),
                    new SnapshotManifest.Node("", "", "", Set.of()),
                    manifest.files())
                .toJson()
            : manifest.toJson();
    var refused = assertThrows(InvalidManifestException.class, () -> SnapshotManifest.parse(json));
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }
}
