package dev.podsnapshot.restorer.fuse;

import java.lang.foreign.MemorySegment;

/** The answer to one read; the first call counts, later ones do nothing. */
public interface ReadReply {
  /**
   * @param bytes all that was asked for, in native memory
   */
  void data(MemorySegment bytes);

  /** The bytes can't be had: whoever reads sees an input/output error. */
  void failed();
}
