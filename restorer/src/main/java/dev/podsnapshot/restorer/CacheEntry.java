package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.InvalidManifestException;
import dev.podsnapshot.manifest.SnapshotFolder;
import dev.podsnapshot.manifest.SnapshotManifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A snapshot's place in the cache. Its folder has the snapshot's name when all of it is here, and
 * {@code NAME.partial} before.
 *
 * <p>A whole folder is trusted while the node runs: the mark in it holds the boot id. Nothing is
 * synced to the disk, which would compete with the restore; after a crash of the node, when files
 * can have their size and not their bytes, each chunk is verified again before it counts.
 */
final class CacheEntry {
  private static final String PARTIAL = ".partial";
  private static final String MARK = "verified";
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private final String name;
  private final Path directory;
  private final Path partial;

  private CacheEntry(Path cache, String name) {
    this.name = name;
    this.directory = cache.resolve(name);
    this.partial = cache.resolve(name + PARTIAL);
  }

  /**
   * @throws IOException if the name is none of a folder in the cache
   */
  static CacheEntry named(Path cache, String name) throws IOException {
    try {
      SnapshotFolder.in(cache, name);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage());
    }
    if (name.endsWith(PARTIAL)) {
      throw new IOException("no name of a snapshot: " + name);
    }
    return new CacheEntry(cache, name);
  }

  /** The entry that a folder in the cache belongs to. */
  static CacheEntry of(Path folder) {
    var name = folder.getFileName().toString();
    return new CacheEntry(
        folder.getParent(),
        name.endsWith(PARTIAL) ? name.substring(0, name.length() - PARTIAL.length()) : name);
  }

  String name() {
    return name;
  }

  Path directory() {
    return directory;
  }

  /** Where an arrival writes. */
  Path partial() {
    return partial;
  }

  /** Whether it is all here and can be restored from without another look at each byte. */
  boolean trusted() throws IOException {
    return Files.isDirectory(directory)
        && Files.exists(directory.resolve(MARK))
        && Files.readString(directory.resolve(MARK)).equals(bootId())
        && manifest(directory).map(this::intact).orElse(false);
  }

  /**
   * All sizes, and the contents of the small files, without which a sandbox could neither be
   * restored nor started.
   */
  private boolean intact(SnapshotManifest manifest) {
    try {
      for (var chunk : new ChunkMap(manifest).neededToStart()) {
        try (var in = Files.newInputStream(directory.resolve(chunk.file().name()))) {
          in.skipNBytes(chunk.offset());
          var crc = new CRC32C();
          crc.update(in.readNBytes(chunk.length()));
          if ((int) crc.getValue() != chunk.crc32c()) {
            return false;
          }
        }
      }
      for (var file : manifest.files()) {
        if (Files.size(directory.resolve(file.name())) != file.bytes()) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /** Of a trusted folder. */
  SnapshotManifest manifest() throws IOException {
    return manifest(directory).orElseThrow(() -> new IOException("no manifest in " + directory));
  }

  /** The next restore shall look at each byte again. */
  void distrust() throws IOException {
    Files.deleteIfExists(directory.resolve(MARK));
  }

  /**
   * Makes the partial folder ready for an arrival of this snapshot. What is there of it stays: an
   * interrupted arrival, or a whole folder that is not trusted any more.
   */
  void prepare(SnapshotManifest manifest) throws IOException {
    if (Files.isDirectory(directory)) {
      delete(partial);
      distrust();
      ChunkIndex.writeAll(directory, new ChunkMap(manifest).size());
      Files.move(directory, partial, StandardCopyOption.ATOMIC_MOVE);
    }
    if (!manifest(partial).map(manifest::equals).orElse(false)) {
      delete(partial);
      Files.createDirectory(partial);
      Files.write(partial.resolve(SnapshotManifest.OBJECT), manifest.toJson());
    }
    touch(partial);
  }

  /** All of the partial folder was verified: it gets its name. */
  void complete() throws IOException {
    Files.writeString(partial.resolve(MARK), bootId());
    Files.deleteIfExists(partial.resolve(ChunkIndex.FILE));
    Files.move(partial, directory, StandardCopyOption.ATOMIC_MOVE);
  }

  void touch() throws IOException {
    touch(directory);
  }

  private static void touch(Path folder) throws IOException {
    Files.setLastModifiedTime(folder, FileTime.from(Instant.now()));
  }

  /** When it was last used. */
  Instant lastUse() {
    for (var folder : new Path[] {directory, partial}) {
      try {
        return Files.getLastModifiedTime(folder).toInstant();
      } catch (IOException e) {
        // the other one, then
      }
    }
    return Instant.EPOCH;
  }

  boolean isPartial() {
    return Files.isDirectory(partial);
  }

  /** What it takes of the budget, bytes: for a snapshot that is not whole yet, all that it will. */
  long bytes() throws IOException {
    return sizeOf(directory) + sizeOf(partial);
  }

  void delete() throws IOException {
    delete(directory);
    delete(partial);
  }

  void deletePartial() throws IOException {
    delete(partial);
  }

  private static Optional<SnapshotManifest> manifest(Path folder) {
    try {
      return Optional.of(
          SnapshotManifest.parse(Files.readAllBytes(folder.resolve(SnapshotManifest.OBJECT))));
    } catch (IOException | InvalidManifestException e) {
      return Optional.empty();
    }
  }

  private static String bootId() throws IOException {
    return Files.readString(BOOT_ID).strip();
  }

  private static long sizeOf(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    var sum = 0L;
    try (var files = Files.newDirectoryStream(folder)) {
      for (var file : files) {
        sum += Files.size(file);
      }
    }
    return sum;
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try (var files = Files.newDirectoryStream(folder)) {
      for (var file : files) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }
}
