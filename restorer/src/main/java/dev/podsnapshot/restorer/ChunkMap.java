package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import java.util.ArrayList;
import java.util.List;

/** The chunks of a snapshot, numbered from 0 on over its files in the manifest's order. */
final class ChunkMap {
  /** What gVisor reads while the restored processes run already; the other files it reads first. */
  static final String PAGES = "pages.img";

  private final List<Chunk> chunks = new ArrayList<>();
  private final List<StoredFile> files;

  ChunkMap(SnapshotManifest manifest) {
    files = List.copyOf(manifest.files());
    for (var file : files) {
      for (var index = 0; index < file.chunks(); index++) {
        chunks.add(new Chunk(chunks.size(), file, index));
      }
    }
  }

  List<StoredFile> files() {
    return files;
  }

  int size() {
    return chunks.size();
  }

  Chunk get(int number) {
    return chunks.get(number);
  }

  /** In the order of their numbers. */
  List<Chunk> all() {
    return List.copyOf(chunks);
  }

  /** The chunks that hold these bytes of a file. */
  List<Chunk> holding(StoredFile file, long offset, int length) {
    var first = firstOf(file);
    var from = first + Math.toIntExact(offset / file.chunkBytes());
    var to = first + Math.toIntExact((offset + length - 1) / file.chunkBytes());
    return chunks.subList(from, to + 1);
  }

  /** What must be here before a sandbox can be restored. */
  List<Chunk> neededToStart() {
    return chunks.stream().filter(c -> !c.file().name().equals(PAGES)).toList();
  }

  List<Chunk> pages() {
    return chunks.stream().filter(c -> c.file().name().equals(PAGES)).toList();
  }

  private int firstOf(StoredFile file) {
    var first = 0;
    for (var other : files) {
      if (other.equals(file)) {
        return first;
      }
      first += other.chunks();
    }
    throw new IllegalArgumentException("not of this snapshot: " + file.name());
  }
}
