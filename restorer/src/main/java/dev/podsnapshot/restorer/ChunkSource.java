package dev.podsnapshot.restorer;

import java.nio.ByteBuffer;

/** Where a snapshot's chunks come from. Called from many threads; blocks. */
@FunctionalInterface
interface ChunkSource {
  /**
   * Reads a chunk's bytes to the start of the buffer, fewer where the source ends early. They are
   * not verified.
   *
   * @param into has the chunk's length as its limit
   */
  void read(Chunk chunk, ByteBuffer into) throws StagingException;
}
