package dev.podsnapshot.storage;

import dev.podsnapshot.manifest.Crc32c;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes that become an object. They are read by position, so that a try that failed is repeated
 * from where the store got to. One thread at a time uses a body.
 */
public interface Body {
  long bytes();

  /**
   * Fills the buffer, which never reaches beyond the end, with the bytes from {@code offset} on.
   * May block, and throws to break the transfer off.
   */
  void read(long offset, ByteBuffer into) throws IOException;

  /** Of all bytes; known at the latest when they have all been read. */
  int crc32c();

  static Body of(byte[] bytes) {
    var crc = Crc32c.of(ByteBuffer.wrap(bytes));
    return new Body() {
      @Override
      public long bytes() {
        return bytes.length;
      }

      @Override
      public void read(long offset, ByteBuffer into) {
        into.put(bytes, (int) offset, into.remaining());
      }

      @Override
      public int crc32c() {
        return crc;
      }
    };
  }
}
