package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.zip.CRC32C;

/** A snapshot of random bytes in memory, the same for the same sizes. */
record TestSnapshot(SnapshotManifest manifest, Map<String, byte[]> files) {
  static final int CHUNK = 64 << 10;

  static TestSnapshot of(int stateBytes, int metaBytes, int pagesBytes) {
    var random = new Random(stateBytes + metaBytes + pagesBytes);
    var files = new LinkedHashMap<String, byte[]>();
    var sizes = List.of(stateBytes, metaBytes, pagesBytes);
    for (var i = 0; i < sizes.size(); i++) {
      var bytes = new byte[sizes.get(i)];
      random.nextBytes(bytes);
      files.put(SnapshotManifest.GVISOR_FILES.get(i), bytes);
    }
    var stored = new ArrayList<StoredFile>();
    files.forEach((name, bytes) -> stored.add(stored(name, bytes)));
    return new TestSnapshot(
        new SnapshotManifest(
            SnapshotManifest.FORMAT,
            "test",
            "hash",
            new SnapshotManifest.Node("runsc", "systrap", "amd64", Set.of()),
            stored),
        files);
  }

  private static StoredFile stored(String name, byte[] bytes) {
    var crcs = new ArrayList<Integer>();
    for (var offset = 0; offset < bytes.length; offset += CHUNK) {
      var crc = new CRC32C();
      crc.update(bytes, offset, Math.min(CHUNK, bytes.length - offset));
      crcs.add((int) crc.getValue());
    }
    return new StoredFile(name, bytes.length, CHUNK, crcs);
  }

  ChunkMap chunks() {
    return new ChunkMap(manifest);
  }

  StoredFile pages() {
    return manifest.files().getLast();
  }

  /** The right bytes, at once. */
  ChunkSource source() {
    return (chunk, into) -> into.put(bytes(chunk));
  }

  ByteBuffer bytes(Chunk chunk) {
    return ByteBuffer.wrap(files.get(chunk.file().name()), (int) chunk.offset(), chunk.length());
  }

  boolean equalsFilesIn(Path directory) throws IOException {
    for (var file : files.entrySet()) {
      if (!java.util.Arrays.equals(
          file.getValue(), Files.readAllBytes(directory.resolve(file.getKey())))) {
        return false;
      }
    }
    return true;
  }
}
