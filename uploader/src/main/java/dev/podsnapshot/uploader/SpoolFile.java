package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.Crc32c;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import dev.podsnapshot.storage.Body;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.CRC32C;

/**
 * A file of a checkpoint and the checksums of its chunks, as far as they are known: they come from
 * the bytes that are sent, from the journal, or from reading the file again.
 */
final class SpoolFile {
  private static final int CHUNK = SnapshotManifest.CHUNK_BYTES;
  private static final int READ_BYTES = 256 << 10;

  private final Path path;
  private final long bytes;
  private final long changed;
  private final AtomicReferenceArray<Integer> chunks;

  private SpoolFile(Path path, long bytes, long changed) {
    this.path = path;
    this.bytes = bytes;
    this.changed = changed;
    this.chunks = new AtomicReferenceArray<>(Math.toIntExact(Math.ceilDiv(bytes, CHUNK)));
  }

  static SpoolFile open(Path path) throws IOException {
    return new SpoolFile(
        path, Files.size(path), Files.getLastModifiedTime(path).to(TimeUnit.NANOSECONDS));
  }

  String name() {
    return path.getFileName().toString();
  }

  long bytes() {
    return bytes;
  }

  /**
   * When its contents changed last, in nanoseconds: with its length, the journal knows it by it.
   */
  long changed() {
    return changed;
  }

  void learn(int chunk, int crc32c) {
    if (chunk < chunks.length()) {
      chunks.set(chunk, crc32c);
    }
  }

  /** Reads what is not known yet. */
  int crc32c(long offset, long length) throws IOException {
    var crc = 0;
    for (var chunk : chunksOf(offset, length)) {
      crc = Crc32c.combine(crc, chunk.crc32c(), chunk.bytes());
    }
    return crc;
  }

  StoredFile stored() throws IOException {
    return new StoredFile(
        name(), bytes, CHUNK, chunksOf(0, bytes).stream().map(Chunk::crc32c).toList());
  }

  record Chunk(int index, int crc32c, int bytes) {}

  /** The range begins at a chunk, and ends at one or at the file's end. */
  List<Chunk> chunksOf(long offset, long length) throws IOException {
    var result = new ArrayList<Chunk>();
    for (var at = offset; at < offset + length; at += CHUNK) {
      var index = (int) (at / CHUNK);
      if (chunks.get(index) == null) {
        chunks.set(index, checksum(at));
      }
      result.add(new Chunk(index, chunks.get(index), (int) Math.min(CHUNK, bytes - at)));
    }
    return result;
  }

  private int checksum(long offset) throws IOException {
    try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return (int) prime(channel, offset, Math.min(CHUNK, bytes - offset)).getValue();
    }
  }

  /** The checksum's state after {@code length} bytes. */
  private static CRC32C prime(FileChannel channel, long offset, long length) throws IOException {
    var checksum = new CRC32C();
    var buffer = ByteBuffer.allocate(READ_BYTES);
    for (var at = 0L; at < length; at += buffer.limit()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), length - at));
      fill(channel, offset + at, buffer);
      checksum.update(buffer.flip());
    }
    return checksum;
  }

  private static void fill(FileChannel channel, long offset, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      var read = channel.read(into, offset);
      if (read < 0) {
        throw new EOFException("a file of the checkpoint shrank while it was read");
      }
      offset += read;
    }
  }

  /**
   * A range of the file on its way; as it is read its checksums become known, so that they are of
   * the very bytes that were sent.
   *
   * @param throttle asked before bytes are read
   */
  Range range(long offset, long length, Throttle throttle) throws IOException {
    return new Range(FileChannel.open(path, StandardOpenOption.READ), offset, length, throttle);
  }

  /** Holds a transfer back, or ends it. */
  interface Throttle {
    void before(int bytes) throws IOException;
  }

  final class Range implements Body, AutoCloseable {
    private final FileChannel channel;
    private final long offset;
    private final long length;
    private final Throttle throttle;
    private CRC32C chunk = new CRC32C();
    private long next; // in the range; what was read until here is in the checksums

    private Range(FileChannel channel, long offset, long length, Throttle throttle) {
      this.channel = channel;
      this.offset = offset;
      this.length = length;
      this.throttle = throttle;
    }

    @Override
    public long bytes() {
      return length;
    }

    @Override
    public void read(long from, ByteBuffer into) throws IOException {
      throttle.before(into.remaining());
      if (from != next) {
        var within = from % CHUNK;
        chunk = prime(channel, offset + from - within, within);
        next = from;
      }
      var begin = into.position();
      fill(channel, offset + from, into);
      checksum(into.duplicate().position(begin).limit(into.position()));
    }

    private void checksum(ByteBuffer bytes) {
      while (bytes.hasRemaining()) {
        var step = (int) Math.min(bytes.remaining(), CHUNK - next % CHUNK);
        chunk.update(bytes.slice(bytes.position(), step));
        bytes.position(bytes.position() + step);
        next += step;
        if (next % CHUNK == 0 || next == length) {
          learn((int) ((offset + next - 1) / CHUNK), (int) chunk.getValue());
          chunk = new CRC32C();
        }
      }
    }

    @Override
    public int crc32c() {
      try {
        return SpoolFile.this.crc32c(offset, length);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }
}
