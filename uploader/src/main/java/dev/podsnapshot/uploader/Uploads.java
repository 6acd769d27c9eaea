package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.BucketFacts;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/** The uploads of this node: each snapshot by one thread at a time, and the sweep of leftovers. */
@ApplicationScoped
public class Uploads {
  private static final Logger LOG = Logger.getLogger(Uploads.class);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
  private static final Duration BUCKET_AGE = Duration.ofMinutes(1);

  private final UploaderConfig config;
  private final ObjectStore store;
  private final MeterRegistry registry;
  private final Connections connections;
  private final RateLimit rate;
  private final Set<String> busy = new HashSet<>();

  /** Buckets seldom change, and a snapshot waits for what is asked of them. */
  private final Map<String, Seen> buckets = new ConcurrentHashMap<>();

  private record Seen(BucketFacts facts, long nanos) {
    boolean fresh() {
      return System.nanoTime() - nanos < BUCKET_AGE.toNanos();
    }
  }

  Uploads(UploaderConfig config, ObjectStore store, MeterRegistry registry) {
    if (config.partBytes() % SnapshotManifest.CHUNK_BYTES != 0) {
      throw new IllegalArgumentException(
          "podsnapshot.part-bytes must be a multiple of " + SnapshotManifest.CHUNK_BYTES);
    }
    this.config = config;
    this.store = store;
    this.registry = registry;
    this.connections = new Connections(config.uploadConnections());
    this.rate = new RateLimit(config.uploadBytesPerSecond());
  }

  /**
   * Stores a snapshot, or goes on with it after a crash; returns when it can be restored. Called
   * again for a snapshot that is stored, it finds that out and changes nothing.
   *
   * @param token in whose name the bucket is used; empty: the uploader's own
   * @throws IOException if the spool or the journal can't be used
   */
  Stored store(Spooled spooled, String token)
      throws ObjectStoreException, IOException, UploadException, InterruptedException {
    begin(spooled.snapshot());
    try {
      return upload(spooled, store.as(token), !token.isEmpty());
    } finally {
      end(spooled.snapshot());
    }
  }

  private Stored upload(Spooled spooled, ObjectStore store, boolean inPodsName)
      throws ObjectStoreException, IOException, UploadException, InterruptedException {
    var metrics = new UploadMetrics(registry);
    var retries = new Retries(spooled.snapshot(), FIRST_PAUSE, LONGEST_PAUSE, metrics::retried);
    var files = new ArrayList<SpoolFile>();
    for (var name : SnapshotManifest.filesIn(spooled.directory())) {
      files.add(SpoolFile.open(spooled.directory().resolve(name)));
    }
    var known = Journal.read(Journal.path(config.journal(), spooled.snapshot()));
    files.forEach(known::teach);
    var single = parallelRefused(store, spooled, retries);
    var begin =
        new Journal.Begin(
            spooled.snapshot(),
            spooled.directory(),
            spooled.bucket(),
            spooled.prefix(),
            inPodsName);
    try (var journal = Journal.open(config.journal(), begin, files)) {
      var upload =
          new SnapshotUpload(
              store,
              spooled,
              files,
              journal,
              retries,
              rate,
              connections,
              config.uploadConnections(),
              config.partBytes(),
              single.isEmpty(),
              metrics);
      var ended = false;
      try {
        var manifest = upload.run();
        ended = !upload.leftovers();
        metrics.ended(single.isEmpty());
        LOG.infof(
            "snapshot=%s phase=upload bytes=%d millis=%d parallel=%s",
            spooled.snapshot(), manifest.bytes(), metrics.whole().toMillis(), single.isEmpty());
        return new Stored(manifest.bytes(), metrics.whole(), single);
      } finally {
        if (ended) {
          journal.delete();
        } else {
          journal.sweepLater();
        }
      }
    }
  }

  /** As gVisor's gofer does: a bucket that can't be looked at gets one stream. */
  private Optional<String> parallelRefused(ObjectStore store, Spooled spooled, Retries retries)
      throws ObjectStoreException {
    Optional<String> why;
    try {
      why = facts(store, spooled.bucket(), retries).parallelUploadRefused();
    } catch (ObjectStoreException e) {
      if (e.kind() != Kind.PERMISSION_DENIED) {
        throw e;
      }
      why = Optional.of("the bucket's properties can't be read: " + e.getMessage());
    }
    why.ifPresent(
        reason ->
            LOG.warnf("snapshot=%s phase=upload one stream only: %s", spooled.snapshot(), reason));
    return why;
  }

  private BucketFacts facts(ObjectStore store, String bucket, Retries retries)
      throws ObjectStoreException {
    var seen = buckets.get(bucket);
    if (seen == null || !seen.fresh()) {
      seen = new Seen(retries.call(() -> store.bucketFacts(bucket)), System.nanoTime());
      buckets.put(bucket, seen);
    }
    return seen.facts();
  }

  /**
   * Removes what is left of uploads that nobody goes on with: those that failed, and those whose
   * files are gone from the spool. Others wait for their snapshotter.
   */
  void sweep() throws IOException {
    for (var path : Journal.all(config.journal())) {
      var contents = Journal.read(path);
      if (contents.begin().isEmpty()) {
        Files.deleteIfExists(path); // it ended before anything was sent
        continue;
      }
      var begin = contents.begin().get();
      if ((contents.sweep() || !Files.isDirectory(begin.directory())) && tryBegin(begin)) {
        try {
          sweep(path, begin);
        } finally {
          end(begin.snapshot());
        }
      }
    }
  }

  private void sweep(Path path, Journal.Begin begin) throws IOException {
    var metrics = new UploadMetrics(registry);
    try {
      var removed = removeLeftovers(store, begin.bucket(), begin.prefix(), metrics);
      Files.deleteIfExists(path);
      LOG.infof("snapshot=%s phase=sweep removed=%d", begin.snapshot(), removed);
    } catch (ObjectStoreException e) {
      if (e.kind() == Kind.NOT_FOUND) {
        Files.deleteIfExists(path); // the bucket is gone, and all that was in it
      } else if (e.kind() == Kind.PERMISSION_DENIED && begin.inPodsName()) {
        // The Pod's token is gone. The controller deletes all below the prefix with the snapshot.
        Files.deleteIfExists(path);
        metrics.leftBehind(begin.bucket(), begin.prefix(), e);
      } else {
        metrics.leftBehind(begin.bucket(), begin.prefix(), e);
      }
    }
  }

  /**
   * Removes all files of a snapshot that has no manifest, and the parts of one that has. Returns
   * how many objects these were.
   */
  static int removeLeftovers(ObjectStore store, String bucket, String prefix, UploadMetrics metrics)
      throws ObjectStoreException {
    var objects = store.objects(bucket, prefix);
    var exists = objects.stream().anyMatch(o -> o.name().equals(prefix + SnapshotManifest.OBJECT));
    var removed = 0;
    for (var object : objects) {
      if (exists ? isPart(object.name(), prefix) : isOurs(object.name(), prefix)) {
        store.delete(bucket, object);
        metrics.orphan();
        removed++;
      }
    }
    return removed;
  }

  /** Whether an upload to the prefix makes an object of the name, its manifest aside. */
  static boolean isOurs(String object, String prefix) {
    return files().anyMatch(f -> object.equals(prefix + f)) || isPart(object, prefix);
  }

  private static boolean isPart(String object, String prefix) {
    return files().anyMatch(f -> PartPlan.isTemporary(object, prefix + f));
  }

  private static Stream<String> files() {
    return Stream.concat(
            SnapshotManifest.GVISOR_FILES.stream(), SnapshotManifest.ROOTFS_FILES.stream())
        .distinct();
  }

  /** Waits until no one else works at the snapshot. */
  private void begin(String snapshot) throws InterruptedException {
    synchronized (busy) {
      while (!busy.add(snapshot)) {
        busy.wait();
      }
    }
  }

  private boolean tryBegin(Journal.Begin begin) {
    synchronized (busy) {
      return busy.add(begin.snapshot());
    }
  }

  private void end(String snapshot) {
    synchronized (busy) {
      busy.remove(snapshot);
      busy.notifyAll();
    }
  }
}
