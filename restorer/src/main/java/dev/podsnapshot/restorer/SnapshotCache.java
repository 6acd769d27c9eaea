package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.manifest.InvalidManifestException;
import dev.podsnapshot.manifest.SnapshotFolder;
import dev.podsnapshot.manifest.SnapshotManifest;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.jboss.logging.Logger;

/**
 * The snapshots on this node: one transfer a snapshot however many Pods wait for it, within a byte
 * budget, least recently used first out, never one in use. A folder counts only under its final
 * name, which it gets when every byte was verified.
 */
@ApplicationScoped
class SnapshotCache {
  private static final Logger LOG = Logger.getLogger(SnapshotCache.class);
  private static final String PARTIAL = ".partial";

  /** Gigabytes, and read by gVisor in any case: not read twice. */
  private static final String PAGES = "pages.img";

  private final RestorerConfig config;
  private final SnapshotReader reader;
  private final MeterRegistry metrics;
  private final Map<String, CompletableFuture<Staged>> transfers = new ConcurrentHashMap<>();
  private final Map<String, Integer> pins = new HashMap<>();

  SnapshotCache(RestorerConfig config, SnapshotReader reader, MeterRegistry metrics) {
    this.config = config;
    this.reader = reader;
    this.metrics = metrics;
  }

  /** Removes what an interrupted transfer left. */
  void sweep(@Observes StartupEvent start) throws IOException {
    Files.createDirectories(config.cache());
    for (var entry : entries()) {
      if (entry.getFileName().toString().endsWith(PARTIAL)) {
        LOG.infof("phase=sweep directory=%s: an interrupted transfer", entry);
        delete(entry);
      }
    }
  }

  /**
   * Starts to bring a snapshot here and pins it until {@link #release}. Fails with a {@link
   * StagingException}.
   */
  CompletableFuture<Staged> stage(Restore restore) {
    var name = restore.getSnapshot().getName();
    pin(name);
    return transfers.computeIfAbsent(
        name,
        key -> {
          var result = new CompletableFuture<Staged>();
          Thread.ofVirtual().name("stage-" + key).start(() -> transfer(restore, result));
          return result;
        });
  }

  void release(Restore restore) {
    var name = restore.getSnapshot().getName();
    synchronized (pins) {
      pins.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
    }
  }

  /** Forgets a snapshot whose files turned out to be bad; the next restore fetches it again. */
  void discard(Restore restore) {
    try {
      delete(directory(restore.getSnapshot().getName()));
    } catch (IOException e) {
      LOG.warnf("snapshot=%s phase=discard: %s", restore.getSnapshot().getName(), e.toString());
    }
  }

  private void transfer(Restore restore, CompletableFuture<Staged> result) {
    var name = restore.getSnapshot().getName();
    var begin = System.nanoTime();
    try {
      var staged = fetch(restore, begin);
      transfers.remove(name);
      result.complete(staged);
    } catch (StagingException e) {
      transfers.remove(name);
      LOG.warnf("snapshot=%s phase=stage reason=%s: %s", name, e.reason(), e.getMessage());
      metrics.counter("podsnapshot_stage_failures_total", "reason", e.reason()).increment();
      result.completeExceptionally(e);
    } catch (Throwable e) {
      transfers.remove(name);
      LOG.errorf(e, "snapshot=%s phase=stage", name);
      result.completeExceptionally(
          new StagingException("StagingFailed", "staging failed: " + e, e));
      if (e instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Staged fetch(Restore restore, long begin)
      throws StagingException, IOException, InterruptedException {
    var name = restore.getSnapshot().getName();
    var directory = directory(name);
    if (Files.isDirectory(directory) && intact(directory)) {
      Files.setLastModifiedTime(directory, FileTime.from(Instant.now()));
      metrics.counter("podsnapshot_cache_hits_total").increment();
      return new Staged(directory, sizeOf(directory), millisSince(begin), true);
    }
    var manifest = reader.manifest(restore.getLocation());
    if (!manifest.snapshot().equals(name)) {
      throw new StagingException(
          "SnapshotDamaged", "the manifest is of another snapshot: " + manifest.snapshot());
    }
    makeRoom(manifest);
    delete(directory);
    var partial = config.cache().resolve(name + PARTIAL);
    delete(partial);
    Files.createDirectory(partial);
    try {
      reader.read(restore.getLocation(), manifest, partial);
      Files.write(partial.resolve(SnapshotManifest.OBJECT), manifest.toJson());
      Files.move(partial, directory, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(partial);
    }
    var staged = new Staged(directory, manifest.bytes(), millisSince(begin), false);
    metrics.counter("podsnapshot_stage_bytes_total").increment(staged.bytes());
    metrics.timer("podsnapshot_stage").record(staged.millis(), TimeUnit.MILLISECONDS);
    LOG.infof("snapshot=%s phase=stage bytes=%d millis=%d", name, staged.bytes(), staged.millis());
    return staged;
  }

  /**
   * Whether a cached snapshot is still what was staged: all sizes, and the contents of the small
   * files, without which the sandbox could neither be restored nor started.
   */
  private static boolean intact(Path directory) {
    try {
      var manifest =
          SnapshotManifest.parse(Files.readAllBytes(directory.resolve(SnapshotManifest.OBJECT)));
      for (var file : manifest.files()) {
        var path = directory.resolve(file.name());
        if (Files.size(path) != file.bytes()
            || (!file.name().equals(PAGES) && !contentIntact(path, file))) {
          LOG.warnf("phase=stage %s is damaged on this node's disk: fetched again", path);
          return false;
        }
      }
      return true;
    } catch (IOException | InvalidManifestException e) {
      LOG.warnf("phase=stage %s can't be used: %s", directory, e.toString());
      return false;
    }
  }

  private static boolean contentIntact(Path path, SnapshotManifest.StoredFile file)
      throws IOException {
    try (var in = Files.newInputStream(path)) {
      for (var chunk = 0; chunk < file.chunks(); chunk++) {
        var crc = new CRC32C();
        crc.update(in.readNBytes(file.chunkLength(chunk)));
        if ((int) crc.getValue() != file.chunkCrc32c().get(chunk)) {
          return false;
        }
      }
      return true;
    }
  }

  private void makeRoom(SnapshotManifest incoming) throws IOException, StagingException {
    var entries = new ArrayList<>(entries());
    entries.removeIf(e -> e.getFileName().toString().endsWith(PARTIAL));
    entries.sort(Comparator.comparing(SnapshotCache::lastUse));
    var held = 0L;
    for (var entry : entries) {
      held += sizeOf(entry);
    }
    for (var entry : entries) {
      if (held + incoming.bytes() <= config.cacheBytes()) {
        return;
      }
      synchronized (pins) {
        if (!pins.containsKey(entry.getFileName().toString())) {
          held -= sizeOf(entry);
          delete(entry);
          LOG.infof("snapshot=%s phase=evict", entry.getFileName());
        }
      }
    }
    if (held + incoming.bytes() > config.cacheBytes()) {
      throw new StagingException(
          "CacheFull",
          "the snapshot has %d bytes, the node's cache has %d of %d in use"
              .formatted(incoming.bytes(), held, config.cacheBytes()));
    }
  }

  private Path directory(String name) {
    return SnapshotFolder.in(config.cache(), name);
  }

  private void pin(String name) {
    synchronized (pins) {
      pins.merge(name, 1, Integer::sum);
    }
  }

  private List<Path> entries() throws IOException {
    try (var list = Files.list(config.cache())) {
      return list.toList();
    }
  }

  private static Instant lastUse(Path entry) {
    try {
      return Files.getLastModifiedTime(entry).toInstant();
    } catch (IOException e) {
      return Instant.EPOCH;
    }
  }

  private static long sizeOf(Path directory) throws IOException {
    var sum = 0L;
    try (var files = Files.newDirectoryStream(directory)) {
      for (var file : files) {
        sum += Files.size(file);
      }
    }
    return sum;
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return;
    }
    try (var files = Files.newDirectoryStream(directory)) {
      for (var file : files) {
        Files.delete(file);
      }
    }
    Files.delete(directory);
  }

  private static long millisSince(long begin) {
    return (System.nanoTime() - begin) / 1_000_000;
  }
}
