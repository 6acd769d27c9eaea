package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.podsnapshot.manifest.Crc32c;
import dev.podsnapshot.manifest.SnapshotManifest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolFileTest {
  private static final int CHUNK = SnapshotManifest.CHUNK_BYTES;
  private static final int BYTES = 3 * CHUNK + 12_345;

  @TempDir Path folder;
  private Path path;
  private byte[] bytes;

  @BeforeEach
  void write() throws IOException {
    path = folder.resolve("pages.img");
    bytes = new byte[BYTES];
    new Random(3).nextBytes(bytes);
    Files.write(path, bytes);
  }

  private int crc(int offset, int length) {
    return Crc32c.of(ByteBuffer.wrap(bytes, offset, length));
  }

  @Test
  void checksumsOfWhatWasNeverSentAreRead() throws Exception {
    var file = SpoolFile.open(path);
    assertEquals(crc(0, BYTES), file.crc32c(0, BYTES));
    assertEquals(crc(CHUNK, 2 * CHUNK), file.crc32c(CHUNK, 2 * CHUNK));
    assertEquals(crc(0, BYTES), file.stored().wholeCrc32c());
    assertEquals(crc(3 * CHUNK, 12_345), file.stored().chunkCrc32c().get(3));
  }

  @Test
  void checksumsAreOfTheBytesThatWereSent() throws Exception {
    var file = SpoolFile.open(path);
    try (var range = file.range(CHUNK, 2 * CHUNK + 12_345, n -> {})) {
      send(range, 0, 1000);
      Files.write(path, new byte[BYTES]); // what is read later differs
      send(range, range.bytes() - 1, 1);
      Files.write(path, bytes);
      send(range, 1000, (int) range.bytes() - 1000);
      Files.write(path, new byte[BYTES]);
      assertEquals(crc(CHUNK, 2 * CHUNK + 12_345), range.crc32c());
    }
  }

  /** A stream that was interrupted goes on anywhere, and a try that failed begins again. */
  @Test
  void anyOrderOfReadsGivesTheSame() throws Exception {
    var random = new Random(5);
    for (var round = 0; round < 10; round++) {
      var file = SpoolFile.open(path);
      try (var range = file.range(0, BYTES, n -> {})) {
        for (var at = 0; at < BYTES; ) {
          at = Math.max(0, at - random.nextInt(2 * CHUNK)); // the store lost some
          var length = Math.min(BYTES - at, random.nextInt(3 * CHUNK));
          send(range, at, length);
          at += length;
        }
        assertEquals(crc(0, BYTES), range.crc32c());
      }
    }
  }

  @Test
  void aFileThatShrinksIsAnError() throws Exception {
    var file = SpoolFile.open(path);
    Files.write(path, new byte[10]);
    try (var range = file.range(0, BYTES, n -> {})) {
      assertThrows(IOException.class, () -> send(range, 0, CHUNK));
    }
    assertThrows(IOException.class, () -> file.crc32c(0, BYTES));
  }

  private static void send(SpoolFile.Range range, long at, int length) throws IOException {
    var buffer = ByteBuffer.allocate(100_000);
    for (var end = at + length; at < end; at += buffer.position()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
      range.read(at, buffer);
    }
  }
}
