package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.CRC32C;
import org.jboss.logging.Logger;

/** Uploads files in parallel parts and joins them; leaves no part, whatever happens. */
final class FileUpload {
  private static final Logger LOG = Logger.getLogger(FileUpload.class);
  private static final int ATTEMPTS = 4;

  private final ObjectStore store;
  private final int partBytes;
  private final int connections;
  private final PartBuffers buffers;

  FileUpload(ObjectStore store, int partBytes, int connections, PartBuffers buffers) {
    if (partBytes % SnapshotManifest.CHUNK_BYTES != 0) {
      throw new IllegalArgumentException(
          "podsnapshot.part-bytes must be a multiple of " + SnapshotManifest.CHUNK_BYTES);
    }
    this.store = store;
    this.partBytes = partBytes;
    this.connections = connections;
    this.buffers = buffers;
  }

  /** Returns what the manifest says of the file. */
  StoredFile parallel(Path file, String bucket, String target)
      throws IOException, ObjectStoreException, InterruptedException {
    PartPlan plan = null;
    var workers = Executors.newFixedThreadPool(connections, Thread.ofVirtual().factory());
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var bytes = channel.size();
      plan = PartPlan.of(target, bytes, partBytes);
      var checksums = new ArrayList<Callable<List<Integer>>>();
      for (var part : plan.parts()) {
        checksums.add(() -> put(channel, part, bucket));
      }
      var chunks = new ArrayList<Integer>();
      all(workers, checksums).forEach(chunks::addAll);
      for (var level : plan.levels()) {
        var compositions = new ArrayList<Callable<Void>>();
        for (var composition : level) {
          compositions.add(
              () -> {
                store.compose(bucket, composition.sources(), composition.target());
                return null;
              });
        }
        all(workers, compositions);
      }
      return new StoredFile(
          file.getFileName().toString(), bytes, SnapshotManifest.CHUNK_BYTES, chunks);
    } finally {
      workers.shutdownNow();
      if (plan != null) {
        remove(bucket, plan.temporaries());
      }
    }
  }

  /** One stream; for buckets in which parts would do harm. */
  StoredFile single(Path file, String bucket, String target)
      throws IOException, ObjectStoreException {
    store.putFile(bucket, target, file);
    try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
      var chunks = new ArrayList<Integer>();
      var buffer = ByteBuffer.allocate(SnapshotManifest.CHUNK_BYTES);
      for (long offset = 0; offset < channel.size(); offset += buffer.capacity()) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), channel.size() - offset));
        fill(channel, offset, buffer);
        chunks.add(crc32c(buffer.flip()));
      }
      return new StoredFile(
          file.getFileName().toString(), channel.size(), SnapshotManifest.CHUNK_BYTES, chunks);
    }
  }

  private List<Integer> put(FileChannel from, PartPlan.Part part, String bucket)
      throws IOException, ObjectStoreException, InterruptedException {
    var buffer = buffers.take();
    try {
      buffer.limit(part.length());
      fill(from, part.offset(), buffer);
      buffer.flip();
      var chunks = new ArrayList<Integer>();
      for (var offset = 0; offset < part.length(); offset += SnapshotManifest.CHUNK_BYTES) {
        chunks.add(
            crc32c(
                buffer.slice(
                    offset, Math.min(SnapshotManifest.CHUNK_BYTES, part.length() - offset))));
      }
      var whole = crc32c(buffer.duplicate());
      for (var attempt = 1; ; attempt++) {
        try {
          store.put(bucket, part.object(), buffer.duplicate(), whole, false);
          return chunks;
        } catch (ObjectStoreException e) {
          if (attempt == ATTEMPTS || e.kind() != ObjectStoreException.Kind.UNAVAILABLE) {
            throw e;
          }
          LOG.warnf(
              "phase=upload object=%s attempt=%d: %s", part.object(), attempt, e.getMessage());
          Thread.sleep(200L << attempt);
        }
      }
    } finally {
      buffers.release(buffer);
    }
  }

  private void remove(String bucket, List<String> objects) {
    // Virtual threads of its own: the upload's workers are gone by now.
    try (var workers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var object : objects) {
        workers.submit(
            () -> {
              try {
                store.delete(bucket, object);
              } catch (ObjectStoreException e) {
                LOG.errorf(
                    "phase=cleanup gs://%s/%s is left behind: %s", bucket, object, e.getMessage());
              }
            });
      }
    }
  }

  private static <T> List<T> all(ExecutorService workers, List<Callable<T>> tasks)
      throws IOException, ObjectStoreException, InterruptedException {
    var futures = new ArrayList<Future<T>>();
    tasks.forEach(task -> futures.add(workers.submit(task)));
    var results = new ArrayList<T>();
    for (var future : futures) {
      try {
        results.add(future.get());
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case IOException io -> throw io;
          case ObjectStoreException store -> throw store;
          case InterruptedException interrupted -> throw interrupted;
          default -> throw new IOException(e.getCause());
        }
      }
    }
    return results;
  }

  private static void fill(FileChannel from, long offset, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      var read = from.read(buffer, offset + buffer.position());
      if (read < 0) {
        throw new EOFException("the file shrank while it was read");
      }
    }
  }

  private static int crc32c(ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
