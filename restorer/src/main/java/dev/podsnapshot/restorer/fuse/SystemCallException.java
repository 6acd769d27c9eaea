package dev.podsnapshot.restorer.fuse;

import java.io.IOException;

/** A system call failed. */
public class SystemCallException extends IOException {
  private final int errno;

  SystemCallException(String call, int errno) {
    super("%s: errno %d".formatted(call, errno));
    this.errno = errno;
  }

  /** The error's number, as in errno(3). */
  public int errno() {
    return errno;
  }
}
