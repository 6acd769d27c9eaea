package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChunkIndexTest {
  @TempDir Path directory;

  @Test
  void whatWasAddedIsRecordedWhenItIsOpenedAgain() throws IOException {
    try (var index = ChunkIndex.open(directory, 10)) {
      index.add(3);
      index.add(9);
    }
    try (var index = ChunkIndex.open(directory, 10)) {
      assertTrue(index.recorded(3));
      assertTrue(index.recorded(9));
      assertFalse(index.recorded(4));
    }
  }

  @Test
  void aCutEndDoesNotShiftWhatFollows() throws IOException {
    try (var index = ChunkIndex.open(directory, 10)) {
      index.add(3);
    }
    Files.write(
        directory.resolve(ChunkIndex.FILE), new byte[] {0, 0, 0}, StandardOpenOption.APPEND);
    try (var index = ChunkIndex.open(directory, 10)) {
      index.add(7);
    }
    try (var index = ChunkIndex.open(directory, 10)) {
      assertTrue(index.recorded(3));
      assertTrue(index.recorded(7));
    }
  }

  @Test
  void whatIsNoChunkIsIgnored() {
    var bytes = new byte[] {-1, -1, -1, -1, 0, 0, 0, 2, 0, 0, 1, 0};
    assertEquals("{2}", ChunkIndex.parse(bytes, 10).toString());
  }

  @Test
  void allChunks() throws IOException {
    ChunkIndex.writeAll(directory, 4);
    assertEquals(
        "{0, 1, 2, 3}",
        ChunkIndex.parse(Files.readAllBytes(directory.resolve(ChunkIndex.FILE)), 4).toString());
  }
}
