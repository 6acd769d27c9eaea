package dev.podsnapshot.manifest;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The contents of {@code manifest.json}.
 *
 * @param format version of this record; a reader refuses one it does not know
 * @param files in the order in which a restore wants them
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@RegisterForReflection
public record SnapshotManifest(
    int format, String snapshot, String specHash, Node node, List<StoredFile> files) {
  public static final int FORMAT = 1;
  public static final String OBJECT = "manifest.json";

  /** Chunks are what is checked on its own when it is read back. */
  public static final int CHUNK_BYTES = 8 << 20;

  /** The files of a gVisor checkpoint without compression. */
  public static final List<String> GVISOR_FILES =
      List.of("checkpoint.img", "pages_meta.img", "pages.img");

  /** The files of a gVisor file-system checkpoint (pkg/sentry/state/checkpointfiles). */
  public static final List<String> ROOTFS_FILES =
      List.of("fscheckpoint.pb", "multitar.img", "pages_meta.img", "pages.img");

  /** Those of the two lists that are in a folder: exactly one list must be complete. */
  public static List<String> filesIn(Path directory) throws IOException {
    for (var files : List.of(GVISOR_FILES, ROOTFS_FILES)) {
      if (files.stream().allMatch(f -> Files.isRegularFile(directory.resolve(f)))) {
        return files;
      }
    }
    throw new IOException("not the files of a checkpoint: " + directory);
  }

  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES, true);

  @RegisterForReflection
  public record Node(
      String runscVersion, String platform, String architecture, Set<String> cpuFeatures) {}

  /**
   * @param chunkCrc32c one checksum for each {@code chunkBytes} of the file; the last chunk may be
   *     shorter
   */
  @RegisterForReflection
  public record StoredFile(String name, long bytes, int chunkBytes, List<Integer> chunkCrc32c) {
    public int chunks() {
      return Math.toIntExact((bytes + chunkBytes - 1) / chunkBytes);
    }

    public int chunkLength(int chunk) {
      return (int) Math.min(chunkBytes, bytes - (long) chunk * chunkBytes);
    }

    /** Of the whole file. */
    public int wholeCrc32c() {
      var crc = 0;
      for (var chunk = 0; chunk < chunks(); chunk++) {
        crc = Crc32c.combine(crc, chunkCrc32c.get(chunk), chunkLength(chunk));
      }
      return crc;
    }
  }

  public long bytes() {
    return files.stream().mapToLong(StoredFile::bytes).sum();
  }

  public byte[] toJson() {
    try {
      return JSON.writeValueAsBytes(
          Map.of(
              "format", format,
              "snapshot", snapshot,
              "specHash", specHash,
              "node", node,
              "files", files));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a manifest is always writable", e);
    }
  }

  /**
   * @throws InvalidManifestException if the bytes are no manifest, one of an unknown format, or one
   *     that contradicts itself
   */
  public static SnapshotManifest parse(byte[] json) throws InvalidManifestException {
    SnapshotManifest manifest;
    try {
      manifest = JSON.readValue(json, SnapshotManifest.class);
    } catch (IOException e) {
      throw new InvalidManifestException("manifest.json can't be read: " + e.getMessage());
    }
    if (manifest == null
        || manifest.snapshot == null
        || manifest.specHash == null
        || manifest.node == null) {
      throw new InvalidManifestException("manifest.json is incomplete");
    }
    if (manifest.format != FORMAT) {
      throw new InvalidManifestException(
          "manifest.json has format %d, this version reads %d".formatted(manifest.format, FORMAT));
    }
    if (manifest.files == null || manifest.files.isEmpty()) {
      throw new InvalidManifestException("manifest.json names no file");
    }
    var names = new HashSet<String>();
    for (var file : manifest.files) {
      if (file == null || file.name == null) {
        throw new InvalidManifestException("manifest.json has a file without a name");
      }
      if (!names.add(file.name)) {
        throw new InvalidManifestException("manifest.json names a file twice: " + file.name);
      }
      if (!GVISOR_FILES.contains(file.name) && !ROOTFS_FILES.contains(file.name)) {
        throw new InvalidManifestException("manifest.json names an unknown file: " + file.name);
      }
      if (file.bytes < 0
          || file.chunkBytes <= 0
          || file.chunkBytes > CHUNK_BYTES // a reader's buffers
          || file.bytes > (long) Integer.MAX_VALUE * file.chunkBytes
          || file.chunkCrc32c == null
          || file.chunkCrc32c.contains(null)
          || file.chunkCrc32c.size() != file.chunks()) {
        throw new InvalidManifestException(
            "manifest.json has wrong sizes or checksums for " + file.name);
      }
    }
    return manifest;
  }
}
