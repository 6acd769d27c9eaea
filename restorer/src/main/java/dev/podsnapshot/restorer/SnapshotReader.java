package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.manifest.InvalidManifestException;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;

/** Reads a snapshot from the bucket by parallel ranged reads; each chunk is verified. */
@ApplicationScoped
class SnapshotReader {
  private static final int MANIFEST_LIMIT = 64 << 20;

  private final ObjectStore store;
  private final int connections;

  SnapshotReader(ObjectStore store, RestorerConfig config) {
    this.store = store;
    this.connections = config.stageConnections();
  }

  SnapshotManifest manifest(Location from) throws StagingException {
    var name = from.getPrefix() + SnapshotManifest.OBJECT;
    try {
      var object =
          store
              .stat(from.getBucket(), name)
              .orElseThrow(
                  () ->
                      new StagingException(
                          "SnapshotMissing",
                          "gs://%s/%s does not exist".formatted(from.getBucket(), name)));
      if (object.bytes() > MANIFEST_LIMIT) {
        throw new StagingException("SnapshotDamaged", name + " is too large for a manifest");
      }
      var bytes = ByteBuffer.allocate((int) object.bytes());
      store.read(from.getBucket(), name, 0, bytes);
      return SnapshotManifest.parse(bytes.array());
    } catch (ObjectStoreException e) {
      throw storeFailed(e);
    } catch (InvalidManifestException e) {
      throw new StagingException("SnapshotDamaged", e.getMessage(), e);
    }
  }

  /**
   * Writes the snapshot's files into an empty folder.
   *
   * @throws StagingException if a byte is missing or wrong; the folder's contents are then void
   */
  void read(Location from, SnapshotManifest manifest, Path into)
      throws StagingException, InterruptedException {
    var buffers = new ArrayBlockingQueue<ByteBuffer>(connections);
    var chunks = manifest.files().stream().mapToInt(StoredFile::chunks).sum();
    for (var i = 0; i < Math.min(connections, chunks); i++) {
      buffers.add(ByteBuffer.allocate(SnapshotManifest.CHUNK_BYTES));
    }
    var open = new ArrayList<FileChannel>();
    // Not try-with-resources: a failure must not wait for the reads that are still queued.
    var workers = Executors.newFixedThreadPool(connections, Thread.ofVirtual().factory());
    try {
      var reads = new ArrayList<Future<Void>>();
      for (var file : manifest.files()) {
        var channel =
            FileChannel.open(
                into.resolve(file.name()), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        open.add(channel);
        for (var chunk = 0; chunk < file.chunks(); chunk++) {
          reads.add(workers.submit(chunkRead(from, file, chunk, channel, buffers)));
        }
      }
      for (var read : reads) {
        read.get();
      }
    } catch (ExecutionException e) {
      throw switch (e.getCause()) {
        case StagingException staging -> staging;
        case ObjectStoreException failed -> storeFailed(failed);
        case IOException disk -> diskFailed(disk);
        default -> new StagingException("StagingFailed", e.getCause().toString(), e);
      };
    } catch (IOException e) {
      throw diskFailed(e);
    } finally {
      workers.shutdownNow();
      for (var channel : open) {
        closeQuietly(channel);
      }
    }
  }

  private Callable<Void> chunkRead(
      Location from,
      StoredFile file,
      int chunk,
      FileChannel to,
      BlockingQueue<ByteBuffer> buffers) {
    return () -> {
      var buffer = buffers.take();
      try {
        var offset = (long) chunk * file.chunkBytes();
        buffer.clear().limit(file.chunkLength(chunk));
        store.read(from.getBucket(), from.getPrefix() + file.name(), offset, buffer);
        buffer.flip();
        if (buffer.limit() != file.chunkLength(chunk)) {
          throw new StagingException(
              "SnapshotDamaged",
              "%s ends at byte %d, its manifest says %d"
                  .formatted(file.name(), offset + buffer.limit(), file.bytes()));
        }
        var crc = new CRC32C();
        crc.update(buffer.duplicate());
        if ((int) crc.getValue() != file.chunkCrc32c().get(chunk)) {
          throw new StagingException(
              "SnapshotDamaged",
              "%s has a wrong checksum in the %d bytes from %d on"
                  .formatted(file.name(), buffer.limit(), offset));
        }
        while (buffer.hasRemaining()) {
          offset += to.write(buffer, offset);
        }
        return null;
      } finally {
        buffers.add(buffer);
      }
    };
  }

  private static StagingException storeFailed(ObjectStoreException e) {
    return switch (e.kind()) {
      case NOT_FOUND -> new StagingException("SnapshotMissing", e.getMessage(), e);
      case PERMISSION_DENIED -> new StagingException("PermissionDenied", e.getMessage(), e);
      default -> new StagingException("StoreUnavailable", e.getMessage(), e);
    };
  }

  private static StagingException diskFailed(IOException e) {
    return new StagingException("StagingFailed", "the node's cache: " + e.getMessage(), e);
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // nothing was promised of a file whose write failed; a complete one was written before
    }
  }
}
