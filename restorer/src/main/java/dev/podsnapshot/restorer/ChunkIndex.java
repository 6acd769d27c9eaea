package dev.podsnapshot.restorer;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.BitSet;
import java.util.List;

/**
 * Which chunks of a snapshot that is not whole yet are worth a look on the disk: their numbers,
 * four bytes each, appended when the chunk was written. It is a hint and no proof: after a crash it
 * may name chunks that never reached the disk, so that whoever reads it verifies each of them
 * again. For that reason nothing here is ever synced.
 */
final class ChunkIndex implements Closeable {
  static final String FILE = "chunks";

  private final FileChannel file;
  private final BitSet recorded;

  private ChunkIndex(FileChannel file, BitSet recorded) {
    this.file = file;
    this.recorded = recorded;
  }

  /** Opens the index of a folder, makes one if there is none. */
  static ChunkIndex open(Path directory, int chunks) throws IOException {
    var path = directory.resolve(FILE);
    var recorded =
        Files.exists(path) ? parse(Files.readAllBytes(path), chunks) : new BitSet(chunks);
    // Written anew: a number that was cut off in the middle would shift all that follow.
    var file =
        FileChannel.open(
            path,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    var index = new ChunkIndex(file, recorded);
    index.append(recorded.stream().boxed().toList());
    return index;
  }

  /** Notes in a folder that all chunks may be there. */
  static void writeAll(Path directory, int chunks) throws IOException {
    var bytes = ByteBuffer.allocate(chunks * Integer.BYTES);
    for (var i = 0; i < chunks; i++) {
      bytes.putInt(i);
    }
    Files.write(directory.resolve(FILE), bytes.array());
  }

  /** Whatever is no number of a chunk, a cut end included, is ignored. */
  static BitSet parse(byte[] bytes, int chunks) {
    var found = new BitSet(chunks);
    var buffer = ByteBuffer.wrap(bytes);
    while (buffer.remaining() >= Integer.BYTES) {
      var chunk = buffer.getInt();
      if (chunk >= 0 && chunk < chunks) {
        found.set(chunk);
      }
    }
    return found;
  }

  boolean recorded(int chunk) {
    return recorded.get(chunk);
  }

  synchronized void add(int chunk) throws IOException {
    append(List.of(chunk));
  }

  private void append(List<Integer> chunks) throws IOException {
    var bytes = ByteBuffer.allocate(chunks.size() * Integer.BYTES);
    chunks.forEach(bytes::putInt);
    bytes.flip();
    while (bytes.hasRemaining()) {
      file.write(bytes);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }
}
