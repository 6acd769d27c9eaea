package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;

/**
 * A piece of a snapshot's file that is verified on its own.
 *
 * @param number of the chunk in its snapshot
 * @param index of the chunk in its file
 */
record Chunk(int number, StoredFile file, int index) {
  /** In its file, bytes. */
  long offset() {
    return (long) index * file.chunkBytes();
  }

  int length() {
    return file.chunkLength(index);
  }

  int crc32c() {
    return file.chunkCrc32c().get(index);
  }
}
