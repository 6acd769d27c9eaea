package dev.podsnapshot.uploader;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * What is counted and logged of one upload; its phases follow each other and add up to the whole.
 */
final class UploadMetrics {
  private static final Logger LOG = Logger.getLogger(UploadMetrics.class);

  private final MeterRegistry registry;
  private final long begin = System.nanoTime();
  private long phaseBegin = begin;

  UploadMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** A phase ended; the next begins. */
  void phase(String name) {
    var now = System.nanoTime();
    registry
        .timer("podsnapshot_upload_phase", "phase", name)
        .record(Duration.ofNanos(now - phaseBegin));
    phaseBegin = now;
  }

  Duration whole() {
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  void sent(long bytes) {
    registry.counter("podsnapshot_upload_bytes_total").increment(bytes);
  }

  /** Stored by an earlier try, not sent again. */
  void takenOver(long bytes) {
    registry.counter("podsnapshot_upload_resumed_bytes_total").increment(bytes);
  }

  void retried() {
    registry.counter("podsnapshot_upload_retries_total").increment();
  }

  /** An object of an upload that was not gone on with was removed. */
  void orphan() {
    registry.counter("podsnapshot_orphans_total").increment();
  }

  void leftBehind(String bucket, String object, Exception why) {
    registry.counter("podsnapshot_removal_failures_total").increment();
    LOG.errorf(
        "phase=clean gs://%s/%s is left behind for now: %s", bucket, object, why.getMessage());
  }

  void ended(boolean parallel) {
    registry.timer("podsnapshot_upload", "parallel", Boolean.toString(parallel)).record(whole());
  }
}
