package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.SnapshotManifest;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.ByteBuffer;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;

/**
 * The memory that chunks pass through on their way here, however many snapshots arrive at once: who
 * finds none waits for one, first come, first served, so that each arrival gets on.
 */
@ApplicationScoped
class ChunkBuffers {
  private final Semaphore free;
  private final Deque<ByteBuffer> idle = new ConcurrentLinkedDeque<>();

  ChunkBuffers(RestorerConfig config) {
    this.free = new Semaphore(config.stageBuffers(), true);
  }

  /** One that is empty and has room for any chunk; it must be given back. */
  ByteBuffer take() throws InterruptedException {
    free.acquire();
    return next();
  }

  /** One, if nobody else needs it. */
  Optional<ByteBuffer> takeIfFree() {
    return free.tryAcquire() ? Optional.of(next()) : Optional.empty();
  }

  private ByteBuffer next() {
    var buffer = idle.pollFirst();
    return buffer == null
        ? ByteBuffer.allocateDirect(SnapshotManifest.CHUNK_BYTES)
        : buffer.clear();
  }

  void give(ByteBuffer buffer) {
    idle.addFirst(buffer);
    free.release();
  }
}
