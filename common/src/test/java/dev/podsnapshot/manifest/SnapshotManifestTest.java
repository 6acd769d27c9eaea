package dev.podsnapshot.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        "..",
        "../x",
        "../../../etc/shadow",
        "/etc/shadow",
        "a/pages.img",
        "./pages.img",
        "pages.img/",
        "pages.img\u0000",
        "PAGES.IMG",
        "manifest.json",
        "order.pb"
      })
  void aFileThatIsNoneOfACheckpointIsRefused(String name) {
    assertRefused("unknown file", manifest(new StoredFile(name, 1, 10, List.of(1))));
  }

  @Test
  void sizesThatWouldExhaustAReaderAreRefused() {
    assertRefused("sizes", manifest(new StoredFile("pages.img", Long.MAX_VALUE, 1, List.of(1))));
    assertRefused("sizes", manifest(new StoredFile("pages.img", -1, 10, List.of())));
    assertRefused("sizes", manifest(new StoredFile("pages.img", 1, 0, List.of(1))));
    assertRefused("sizes", manifest(new StoredFile("pages.img", 1, -1, List.of(1))));
    assertRefused(
        "sizes", manifest(new StoredFile("pages.img", 1L << 40, Integer.MAX_VALUE, List.of(1))));
    var file = new StoredFile("pages.img", 1, 10, List.of(1));
    assertRefused("twice", manifest(file, file));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "{}",
        "{\"format\":1}",
        "{\"format\":1,\"snapshot\":null,\"specHash\":null,\"node\":null,\"files\":[null]}",
        "{\"format\":1,\"snapshot\":\"s\",\"specHash\":\"h\",\"node\":{},\"files\":[{\"name\":null}]}",
        "{\"format\":1,\"snapshot\":\"s\",\"specHash\":\"h\",\"node\":null,\"files\":{}}"
      })
  void whatIsIncompleteIsRefused(String json) {
    assertThrows(
        InvalidManifestException.class,
        () -> SnapshotManifest.parse(json.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void whatIsNestedTooDeeplyIsRefused() {
    assertThrows(
        InvalidManifestException.class,
        () -> SnapshotManifest.parse("[".repeat(1_000_000).getBytes(StandardCharsets.UTF_8)));
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
