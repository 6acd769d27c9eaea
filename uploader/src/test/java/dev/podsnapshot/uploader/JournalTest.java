package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
  @TempDir Path folder;

  private final Journal.Begin begin =
      new Journal.Begin("a snapshot", Path.of("/spool/a b"), "bucket", "path with space/x/", true);

  private SpoolFile file() throws IOException {
    var path = folder.resolve("pages.img");
    if (!Files.exists(path)) {
      Files.write(path, new byte[3_000]);
    }
    return SpoolFile.open(path);
  }

  private Path path() {
    return Journal.path(folder, begin.snapshot());
  }

  @Test
  void whatWasWrittenIsRead() throws Exception {
    var file = file();
    try (var journal = Journal.open(folder, begin, List.of(file))) {
      journal.stored("pages.img", List.of(new SpoolFile.Chunk(0, -5, 10), chunk(1, 6)));
      journal.stored("pages.img", List.of(chunk(7, Integer.MAX_VALUE)));
      journal.stored("pages.img", List.of());
    }
    var contents = Journal.read(path());
    assertEquals(Optional.of(begin), contents.begin());
    assertEquals(
        Map.of(0, -5, 1, 6, 7, Integer.MAX_VALUE), contents.files().get("pages.img").chunks());
    assertEquals(file.changed(), contents.files().get("pages.img").changed());
    assertFalse(contents.sweep());
    assertEquals(List.of(path()), Journal.all(folder));
  }

  /** A line that was being written when the process died counts as not written. */
  @Test
  void aTornLineIsForgotten() throws Exception {
    try (var journal = Journal.open(folder, begin, List.of(file()))) {
      journal.stored("pages.img", List.of(chunk(0, 1)));
    }
    var whole = Files.size(path());
    Files.writeString(path(), "chunks pages.img 1 abcd", StandardOpenOption.APPEND);
    assertEquals(Map.of(0, 1), Journal.read(path()).files().get("pages.img").chunks());
    try (var journal = Journal.open(folder, begin, List.of(file()))) {
      journal.stored("pages.img", List.of(chunk(2, 3)));
    }
    assertTrue(Files.size(path()) > whole);
    assertEquals(Map.of(0, 1, 2, 3), Journal.read(path()).files().get("pages.img").chunks());
  }

  @Test
  void everyCutOfAJournalCanBeRead() throws Exception {
    try (var journal = Journal.open(folder, begin, List.of(file()))) {
      journal.stored("pages.img", List.of(chunk(0, 0x12345678)));
      journal.sweepLater();
    }
    var text = Files.readString(path());
    for (var cut = 0; cut < text.length(); cut++) {
      var contents = Journal.replay(text.substring(0, cut));
      contents.begin().ifPresent(b -> assertEquals(begin, b));
      var file = contents.files().get("pages.img");
      assertTrue(
          file == null || file.chunks().isEmpty() || file.chunks().equals(Map.of(0, 0x12345678)));
    }
    assertTrue(Journal.replay(text).sweep());
    assertFalse(Journal.replay(text + text.substring(0, text.indexOf('\n') + 1)).sweep());
  }

  /** Checksums of a file that was written again are worth nothing. */
  @Test
  void aChangedFileIsReadAgain() throws Exception {
    try (var journal = Journal.open(folder, begin, List.of(file()))) {
      journal.stored("pages.img", List.of(chunk(0, 42)));
    }
    var same = file();
    Journal.read(path()).teach(same);
    assertEquals(42, same.crc32c(0, 3_000));
    Files.write(folder.resolve("pages.img"), new byte[3_001]);
    var other = file();
    Journal.read(path()).teach(other);
    assertEquals(
        SpoolFile.open(folder.resolve("pages.img")).crc32c(0, 3_001), other.crc32c(0, 3_001));
    try (var journal = Journal.open(folder, begin, List.of(other))) {
      assertEquals(Map.of(), Journal.read(path()).files().get("pages.img").chunks());
      journal.delete();
    }
    assertEquals(List.of(), Journal.all(folder));
  }

  @Test
  void noJournalNoUpload() throws Exception {
    Files.write(folder.resolve("file"), new byte[0]);
    assertThrows(
        IOException.class, () -> Journal.open(folder.resolve("file"), begin, List.of(file())));
  }

  private static SpoolFile.Chunk chunk(int index, int crc32c) {
    return new SpoolFile.Chunk(index, crc32c, 10);
  }
}
