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
 * finds none waits for one, first come, first served, so that each arrival gets on. Some are kept
 * for what cannot wait behind prefetches: faults and second reads.
 */
@ApplicationScoped
class ChunkBuffers {
  private final Semaphore ahead;
  private final Semaphore urgent;
  private final Deque<ByteBuffer> idle = new ConcurrentLinkedDeque<>();

  ChunkBuffers(RestorerConfig config) {
    this.ahead = new Semaphore(config.stageBuffers(), true);
    this.urgent = new Semaphore(config.faultBuffers(), true);
  }

  /** A buffer that is empty and has room for any chunk, until it is closed. */
  final class Lease implements AutoCloseable {
    private final ByteBuffer buffer;
    private final Semaphore owner;

    private Lease(Semaphore owner) {
      this.owner = owner;
      try {
        var used = idle.pollFirst();
        this.buffer =
            used == null ? ByteBuffer.allocateDirect(SnapshotManifest.CHUNK_BYTES) : used.clear();
      } catch (Error e) { // no memory
        owner.release();
        throw e;
      }
    }

    ByteBuffer buffer() {
      return buffer;
    }

    @Override
    public void close() {
      idle.addFirst(buffer);
      owner.release();
    }
  }

  Lease take(ChunkQueue.Urgency urgency) throws InterruptedException {
    var owner = urgency == ChunkQueue.Urgency.FAULT ? urgent : ahead;
    owner.acquire();
    return new Lease(owner);
  }

  /** One of those that are kept, if it is free. */
  Optional<Lease> takeForSecondRead() {
    return urgent.tryAcquire() ? Optional.of(new Lease(urgent)) : Optional.empty();
  }
}
