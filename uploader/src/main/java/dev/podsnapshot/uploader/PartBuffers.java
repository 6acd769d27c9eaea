package dev.podsnapshot.uploader;

import jakarta.enterprise.context.ApplicationScoped;
import java.nio.ByteBuffer;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;

/**
 * All memory that parts are held in: one part for each connection, shared by the snapshots that are
 * uploaded at once. It bounds the service's memory and shares the connections out in turn.
 */
@ApplicationScoped
class PartBuffers {
  private final int partBytes;
  private final Semaphore free;
  private final BlockingQueue<ByteBuffer> idle = new LinkedBlockingQueue<>();

  PartBuffers(UploaderConfig config) {
    this.partBytes = config.partBytes();
    this.free = new Semaphore(config.uploadConnections(), true);
  }

  /** Waits for a buffer; it is given back by {@link #release}. */
  ByteBuffer take() throws InterruptedException {
    free.acquire();
    var buffer = idle.poll();
    return (buffer == null ? ByteBuffer.allocate(partBytes) : buffer).clear();
  }

  void release(ByteBuffer buffer) {
    idle.add(buffer);
    free.release();
  }
}
