package dev.podsnapshot.restorer;

import dev.podsnapshot.restorer.ChunkQueue.Urgency;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Brings the chunks of one arrival here: by parallel reads, some of them kept free for what a
 * restored process waits for; a failed read is made again a few times, one that takes unusually
 * long is made a second time beside it.
 */
final class Transfer {
  private static final Logger LOG = Logger.getLogger(Transfer.class);
  private static final int ATTEMPTS = 4;
  private static final Duration BACK_OFF = Duration.ofMillis(100);
  private static final Duration WATCH = Duration.ofMillis(20);

  private final Arrival arrival;
  private final ChunkSource source;
  private final ChunkBuffers buffers;
  private final HedgeRule hedges;
  private final MeterRegistry metrics;
  private final Map<Integer, Reading> readings = new ConcurrentHashMap<>();

  /** A chunk's first read, while it is under way. */
  private record Reading(Chunk chunk, long begun, AtomicBoolean hedged) {}

  Transfer(Arrival arrival, ChunkSource source, ChunkBuffers buffers, MeterRegistry metrics) {
    this.arrival = arrival;
    this.source = source;
    this.buffers = buffers;
    this.metrics = metrics;
    this.hedges = new HedgeRule(arrival.chunks().size());
  }

  /**
   * Blocks until the arrival has ended.
   *
   * @param connections reads that are under way at once
   * @param reserve further ones, for faults alone
   * @throws StagingException the reason why it is not whole
   */
  void run(int connections, int reserve) throws StagingException, InterruptedException {
    var threads = Math.min(connections, arrival.chunks().size());
    // Platform threads: they copy all the time, and a virtual thread that writes a file holds its
    // carrier.
    for (var i = 0; i < threads; i++) {
      Thread.ofPlatform().daemon().name("stage-" + i).start(() -> work(Urgency.AHEAD));
    }
    for (var i = 0; i < reserve; i++) {
      Thread.ofPlatform().daemon().name("stage-fault-" + i).start(() -> work(Urgency.FAULT));
    }
    Thread.ofVirtual().name("stage-hedges").start(this::watch);
    try {
      // A read that hangs is not waited for: its chunk may have come by another one.
      arrival.whole().get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof StagingException reason
          ? reason
          : new StagingException("StagingFailed", String.valueOf(e.getCause()), e);
    } catch (InterruptedException e) {
      arrival.fail(new StagingException("StagingFailed", "the restorer was stopped", e));
      throw e;
    }
  }

  private void work(Urgency atLeast) {
    try {
      for (var next = arrival.next(atLeast); next.isPresent(); next = arrival.next(atLeast)) {
        bring(next.get(), atLeast);
      }
    } catch (StagingException e) {
      arrival.fail(e);
    } catch (ClosedChannelException e) {
      // The arrival has ended meanwhile.
    } catch (IOException e) {
      arrival.fail(new StagingException("StagingFailed", "the node's cache: " + e.getMessage(), e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.errorf(e, "phase=stage");
      arrival.fail(new StagingException("StagingFailed", "staging failed: " + e, e));
    }
  }

  private void bring(Chunk chunk, Urgency urgency)
      throws StagingException, IOException, InterruptedException {
    for (var attempt = 1; ; attempt++) {
      try (var lease = buffers.take(urgency)) {
        if (attempt == 1 && arrival.recover(chunk, lease.buffer())) {
          metrics.counter("podsnapshot_stage_recovered_bytes_total").increment(chunk.length());
        } else {
          read(chunk, lease.buffer());
        }
        return;
      } catch (StagingException e) {
        if (arrival.ended() || arrival.here(chunk)) {
          return; // a second read was better
        }
        if (attempt == ATTEMPTS || !e.mayPass()) {
          throw e;
        }
        LOG.infof("phase=stage chunk=%d attempt=%d: %s", chunk.number(), attempt, e.getMessage());
        metrics.counter("podsnapshot_stage_retries_total", "reason", e.reason()).increment();
      }
      Thread.sleep(BACK_OFF.multipliedBy(1L << (2 * attempt - 2)));
    }
  }

  private void read(Chunk chunk, ByteBuffer buffer) throws StagingException, IOException {
    var reading = new Reading(chunk, System.nanoTime(), new AtomicBoolean());
    readings.put(chunk.number(), reading);
    try {
      buffer.clear().limit(chunk.length());
      source.read(chunk, buffer);
      metrics.counter("podsnapshot_stage_bytes_total").increment(buffer.position());
      if (arrival.put(chunk, buffer.flip())) {
        synchronized (hedges) {
          hedges.took(System.nanoTime() - reading.begun);
        }
      }
    } finally {
      readings.remove(chunk.number(), reading);
    }
  }

  /** Makes second reads of those that take too long. */
  private void watch() {
    try {
      while (!arrival.ended()) {
        Thread.sleep(WATCH);
        readings.values().forEach(this::hedgeIfDue);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A second read is given up for now, not for good, where no buffer is free. */
  private void hedgeIfDue(Reading reading) {
    if (reading.hedged.get()) {
      return;
    }
    var lease = buffers.takeForSecondRead();
    if (lease.isEmpty()) {
      return;
    }
    if (due(reading) && reading.hedged.compareAndSet(false, true)) {
      Thread.ofVirtual().name("stage-hedge").start(() -> hedge(reading.chunk, lease.get()));
    } else {
      lease.get().close();
    }
  }

  private boolean due(Reading reading) {
    synchronized (hedges) {
      return hedges.hedge(System.nanoTime() - reading.begun);
    }
  }

  /** Whatever goes wrong here, the first read goes on. */
  private void hedge(Chunk chunk, ChunkBuffers.Lease lease) {
    var won = false;
    try (lease) {
      var buffer = lease.buffer();
      source.read(chunk, buffer.limit(chunk.length()));
      metrics.counter("podsnapshot_stage_bytes_total").increment(buffer.position());
      won = arrival.put(chunk, buffer.flip());
    } catch (StagingException | IOException | RuntimeException e) {
      LOG.debugf("phase=stage second read: %s", e.toString());
    }
    metrics.counter("podsnapshot_stage_hedges_total", "result", won ? "won" : "lost").increment();
  }
}
