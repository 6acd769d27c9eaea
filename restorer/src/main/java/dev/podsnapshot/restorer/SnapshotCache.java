package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.manifest.SnapshotManifest;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * The snapshots on this node: one transfer a snapshot however many Pods wait for it, within a byte
 * budget, least recently used first out, never one in use. A snapshot whose pages are many can be
 * restored from before they are all here.
 */
@ApplicationScoped
class SnapshotCache {
  private static final Logger LOG = Logger.getLogger(SnapshotCache.class);

  /** What was interrupted so long ago is not waited for any more. */
  private static final Duration PARTIAL_AGE = Duration.ofDays(1);

  private final RestorerConfig config;
  private final SnapshotReader reader;
  private final LiveFolder live;
  private final ChunkBuffers buffers;
  private final MeterRegistry metrics;
  private final FaultHistory history;

  // All below are guarded by the monitor of pins.
  private final Map<String, Staging> transfers = new HashMap<>();
  private final Map<String, Integer> pins = new HashMap<>();
  private final Set<String> evicting = new HashSet<>();

  SnapshotCache(
      RestorerConfig config,
      SnapshotReader reader,
      LiveFolder live,
      ChunkBuffers buffers,
      MeterRegistry metrics) {
    this.config = config;
    this.reader = reader;
    this.live = live;
    this.buffers = buffers;
    this.metrics = metrics;
    this.history = new FaultHistory(config.faultHistory());
    metrics.gauge("podsnapshot_cache_bytes", this, SnapshotCache::heldBytes);
    metrics.gauge("podsnapshot_cache_limit_bytes", config, RestorerConfig::cacheBytes);
  }

  /** Removes what interrupted transfers left, if nobody came back for it. */
  void sweep(@Observes @Priority(1) StartupEvent start) throws IOException {
    Files.createDirectories(config.cache());
    var old = Instant.now().minus(PARTIAL_AGE);
    for (var entry : entries()) {
      if (entry.isPartial() && entry.lastUse().isBefore(old)) {
        LOG.infof("snapshot=%s phase=sweep: an interrupted transfer", entry.name());
        entry.deletePartial();
      }
    }
  }

  /**
   * Starts to bring a snapshot here and pins it until {@link #release}.
   *
   * @param credential the Pod's: it gets no snapshot that it may not read, whoever brought it here
   */
  Staging stage(Restore restore, Credential credential) {
    synchronized (pins) {
      pins.merge(restore.getSnapshot().getName(), 1, Integer::sum);
    }
    var staging =
        restore.getInPodsName() ? admitted(restore, credential) : transferred(restore, reader);
    return restore.getWholeBeforeStart() ? staging.wholeOnly() : staging;
  }

  /** What the store lets the Pod read. */
  private Staging admitted(Restore restore, Credential credential) {
    var name = restore.getSnapshot().getName();
    var staging = Staging.begun();
    Thread.ofVirtual()
        .name("admit-" + name)
        .start(
            () -> {
              try {
                var own = reader.as(credential.token());
                own.requireManifest(restore.getLocation());
                staging.follow(transferred(restore, own));
              } catch (StagingException e) {
                fail(name, staging, e);
              }
            });
    return staging;
  }

  /** The transfer that is under way, or a new one. */
  private Staging transferred(Restore restore, SnapshotReader from) {
    var name = restore.getSnapshot().getName();
    synchronized (pins) {
      var underWay = transfers.get(name);
      if (underWay != null) {
        return underWay;
      }
      var begun = Staging.begun();
      transfers.put(name, begun);
      Thread.ofVirtual().name("stage-" + name).start(() -> transfer(restore, from, begun));
      return begun;
    }
  }

  void release(Restore restore) {
    var name = restore.getSnapshot().getName();
    synchronized (pins) {
      pins.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
      hideIfUnused(name);
    }
  }

  /** Its files could not be restored from: each byte is verified again before they are used. */
  void distrust(Restore restore) {
    var name = restore.getSnapshot().getName();
    try {
      CacheEntry.named(config.cache(), name).distrust();
    } catch (IOException e) {
      LOG.warnf("snapshot=%s phase=distrust: %s", name, e.toString());
    }
  }

  /** A name that runsc was told stays until every restore that may use it is over. */
  private void hideIfUnused(String name) {
    if (!pins.containsKey(name) && !transfers.containsKey(name)) {
      live.hide(name);
    }
  }

  private void transfer(Restore restore, SnapshotReader from, Staging staging) {
    var name = restore.getSnapshot().getName();
    Runnable outcome;
    try {
      var staged = fetch(restore, from, staging);
      outcome =
          () -> {
            staging.startable().complete(staged.directory());
            staging.whole().complete(staged);
          };
    } catch (StagingException e) {
      outcome = () -> fail(name, staging, e);
    } catch (IOException e) {
      var disk = new StagingException("StagingFailed", "the node's cache: " + e.getMessage(), e);
      outcome = () -> fail(name, staging, disk);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      var stopped = new StagingException("StagingFailed", "the restorer was stopped", e);
      outcome = () -> fail(name, staging, stopped);
    } catch (RuntimeException | Error e) {
      LOG.errorf(e, "snapshot=%s phase=stage", name);
      var unexpected = new StagingException("StagingFailed", "staging failed: " + e, e);
      outcome = () -> fail(name, staging, unexpected);
    }
    synchronized (pins) {
      transfers.remove(name);
      hideIfUnused(name);
    }
    outcome.run();
  }

  private void fail(String name, Staging staging, StagingException reason) {
    LOG.warnf("snapshot=%s phase=stage reason=%s: %s", name, reason.reason(), reason.getMessage());
    metrics.counter("podsnapshot_stage_failures_total", "reason", reason.reason()).increment();
    staging.startable().completeExceptionally(reason);
    staging.whole().completeExceptionally(reason);
  }

  private Staged fetch(Restore restore, SnapshotReader from, Staging staging)
      throws StagingException, IOException, InterruptedException {
    var begin = System.nanoTime();
    var name = restore.getSnapshot().getName();
    awaitEviction(name);
    var entry = CacheEntry.named(config.cache(), name);
    if (entry.trusted()) {
      entry.touch();
      metrics.counter("podsnapshot_cache_hits_total").increment();
      if (config.liveFromCache()) {
        var manifest = entry.manifest();
        showIfLarge(manifest, () -> Arrival.whole(entry.directory(), manifest))
            .ifPresent(path -> staging.startable().complete(path));
      }
      return new Staged(entry.directory(), entry.bytes(), millisSince(begin), true);
    }
    var manifest = from.manifest(restore.getLocation());
    if (!manifest.snapshot().equals(name)) {
      throw new StagingException(
          StagingException.DAMAGED, "the manifest is of another snapshot: " + manifest.snapshot());
    }
    makeRoom(entry, manifest);
    entry.prepare(manifest);
    try (var arrival = Arrival.into(entry.partial(), manifest, history.of(name))) {
      bring(restore, from, manifest, arrival, staging);
    } catch (StagingException e) {
      // The store may come back, and what was verified is worth its place until then.
      if (!e.reason().equals(StagingException.UNAVAILABLE)) {
        entry.deletePartial();
      }
      throw e;
    }
    entry.complete();
    var staged = new Staged(entry.directory(), manifest.bytes(), millisSince(begin), false);
    metrics.timer("podsnapshot_stage").record(staged.millis(), TimeUnit.MILLISECONDS);
    LOG.infof("snapshot=%s phase=stage bytes=%d millis=%d", name, staged.bytes(), staged.millis());
    return staged;
  }

  private void bring(
      Restore restore,
      SnapshotReader from,
      SnapshotManifest manifest,
      Arrival arrival,
      Staging staging)
      throws StagingException, IOException, InterruptedException {
    var name = restore.getSnapshot().getName();
    arrival
        .whole()
        .whenComplete(
            (done, e) -> {
              if (e instanceof StagingException reason) {
                // Whoever waits learns of it before gVisor does by a failed read.
                staging.startable().completeExceptionally(reason);
                staging.whole().completeExceptionally(reason);
              }
            });
    var shown = showIfLarge(manifest, () -> arrival);
    shown.ifPresent(path -> arrival.startable().thenRun(() -> staging.startable().complete(path)));
    try {
      new Transfer(arrival, from.chunks(restore.getLocation()), buffers, metrics)
          .run(config.stageConnections(), config.faultConnections());
    } finally {
      history.remember(name, arrival.faults());
    }
  }

  /** Small ones are here sooner than the sandbox wants them. */
  private Optional<Path> showIfLarge(SnapshotManifest manifest, Source arrival) throws IOException {
    return live.available() && pageBytes(manifest) >= config.liveFromBytes()
        ? Optional.of(live.show(manifest.snapshot(), arrival.open()))
        : Optional.empty();
  }

  private interface Source {
    Arrival open() throws IOException;
  }

  private static long pageBytes(SnapshotManifest manifest) {
    return manifest.files().stream()
        .filter(f -> f.name().equals(ChunkMap.PAGES))
        .mapToLong(SnapshotManifest.StoredFile::bytes)
        .sum();
  }

  private void makeRoom(CacheEntry incoming, SnapshotManifest manifest)
      throws IOException, StagingException {
    var others = new ArrayList<>(entries());
    others.removeIf(e -> e.name().equals(incoming.name()));
    // What is not whole is worth least.
    others.sort(
        Comparator.comparing((CacheEntry e) -> !e.isPartial()).thenComparing(CacheEntry::lastUse));
    var held = 0L;
    for (var entry : others) {
      held += entry.bytes();
    }
    var bytes = manifest.bytes();
    for (var entry : others) {
      if (held + bytes <= config.cacheBytes() && fits(incoming, bytes)) {
        return;
      }
      held -= evict(entry);
    }
    if (held + bytes > config.cacheBytes()) {
      throw new StagingException(
          "CacheFull",
          "the snapshot has %d bytes, the node's cache has %d of %d in use"
              .formatted(bytes, held, config.cacheBytes()));
    }
    if (!fits(incoming, bytes)) {
      throw new StagingException(
          "CacheFull", "the snapshot has %d bytes, the node's disk has no room".formatted(bytes));
    }
  }

  /**
   * Removes a snapshot that nobody uses. Files of gigabytes take a while to go, and Pods wait for
   * answers meanwhile: the monitor is not held.
   *
   * @return how many bytes are free by it
   */
  private long evict(CacheEntry entry) throws IOException {
    synchronized (pins) {
      if (pins.containsKey(entry.name())
          || transfers.containsKey(entry.name())
          || !evicting.add(entry.name())) {
        return 0;
      }
    }
    try {
      var bytes = entry.bytes();
      entry.delete();
      metrics.counter("podsnapshot_cache_evictions_total").increment();
      LOG.infof("snapshot=%s phase=evict bytes=%d", entry.name(), bytes);
      return bytes;
    } finally {
      synchronized (pins) {
        evicting.remove(entry.name());
        pins.notifyAll();
      }
    }
  }

  /** Somebody wants again what is just being removed. */
  private void awaitEviction(String name) throws InterruptedException {
    synchronized (pins) {
      while (evicting.contains(name)) {
        pins.wait();
      }
    }
  }

  /** Whether the disk has room; what an interrupted arrival wrote is taken as not there. */
  private boolean fits(CacheEntry incoming, long bytes) throws IOException {
    return Files.getFileStore(config.cache()).getUsableSpace() >= bytes
        || incoming.isPartial()
        || Files.isDirectory(incoming.directory());
  }

  /** NaN if it changes while it is counted. */
  private double heldBytes() {
    try {
      var held = 0L;
      for (var entry : entries()) {
        held += entry.bytes();
      }
      return held;
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  private List<CacheEntry> entries() throws IOException {
    try (var list = Files.list(config.cache())) {
      return list.map(CacheEntry::of).toList();
    }
  }

  private static long millisSince(long begin) {
    return (System.nanoTime() - begin) / 1_000_000;
  }
}
