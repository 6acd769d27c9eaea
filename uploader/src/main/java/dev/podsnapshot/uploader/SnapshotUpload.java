package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.InvalidManifestException;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import dev.podsnapshot.storage.Body;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import dev.podsnapshot.storage.StoredObject;
import dev.podsnapshot.uploader.PartPlan.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * One snapshot on its way into the bucket.
 *
 * <p>What the store has already is taken over if its length and checksum are those of the spool;
 * anything else under our names is removed, the rest is sent. Compositions begin as soon as their
 * sources are there, and sources are removed as soon as their composition is verified. The manifest
 * is written when every file is whole. If anything fails, all of it is removed.
 */
final class SnapshotUpload {
  /** Compositions and deletions at once: small requests that mostly wait for the store. */
  private static final int CONTROL_REQUESTS = 16;

  /** A stream may be interrupted any number of times that the budget allows. */
  private static final int LONGEST_PAUSE = 5;

  private final ObjectStore store;
  private final Spooled spooled;
  private final List<SpoolFile> files;
  private final Journal journal;
  private final Retries retries;
  private final RateLimit rate;
  private final Connections connections;
  private final boolean parallel;
  private final UploadMetrics metrics;
  private final int connectionLimit;
  private final long partBytes;

  private final CompletableFuture<Void> failure = new CompletableFuture<>();
  private final Semaphore control = new Semaphore(CONTROL_REQUESTS);
  private final ExecutorService small = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean leftovers;

  SnapshotUpload(
      ObjectStore store,
      Spooled spooled,
      List<SpoolFile> files,
      Journal journal,
      Retries retries,
      RateLimit rate,
      Connections connections,
      int connectionLimit,
      long partBytes,
      boolean parallel,
      UploadMetrics metrics) {
    this.store = store;
    this.spooled = spooled;
    this.files = files;
    this.journal = journal;
    this.retries = retries;
    this.rate = rate;
    this.connections = connections;
    this.connectionLimit = connectionLimit;
    this.partBytes = partBytes;
    this.parallel = parallel;
    this.metrics = metrics;
  }

  /** Whether something was left behind that could not be removed. */
  boolean leftovers() {
    return leftovers;
  }

  /**
   * Returns when the snapshot can be restored and nothing else is left.
   *
   * @throws IOException if the spool can't be read
   * @throws UploadException if another snapshot is stored there
   */
  SnapshotManifest run()
      throws ObjectStoreException, IOException, UploadException, InterruptedException {
    var ended = false;
    try (small) {
      var there = look();
      metrics.phase("look");
      sendFiles(there);
      metrics.phase("send");
      var manifest = manifest();
      write(manifest);
      metrics.phase("manifest");
      ended = true;
      return manifest;
    } finally {
      // Requests that were under way have ended: small is closed.
      if (!ended) {
        removeAll();
      }
      metrics.phase("clean");
    }
  }

  /** What lies at the prefix. A snapshot that exists already must be this one. */
  private Map<String, StoredObject> look()
      throws ObjectStoreException, IOException, UploadException {
    var result = new HashMap<String, StoredObject>();
    for (var object : retries.call(() -> store.objects(spooled.bucket(), spooled.prefix()))) {
      result.put(object.name(), object);
    }
    if (result.containsKey(manifestName()) && !existing().equals(Optional.of(manifest()))) {
      throw new UploadException(
          "gs://%s/%s holds another snapshot".formatted(spooled.bucket(), spooled.prefix()));
    }
    return result;
  }

  /** A file's nodes while it is sent. */
  private final class Sending {
    private final SpoolFile file;
    private final PartPlan plan;
    private final ComposeTree tree;
    private final CompletableFuture<Void> whole = new CompletableFuture<>();

    private Sending(SpoolFile file) {
      this.file = file;
      this.plan =
          parallel
              ? PartPlan.of(
                  spooled.prefix() + file.name(),
                  file.bytes(),
                  PartPlan.partBytes(file.bytes(), connectionLimit, partBytes))
              : PartPlan.single(spooled.prefix() + file.name(), file.bytes());
      this.tree = new ComposeTree(plan);
    }
  }

  private void sendFiles(Map<String, StoredObject> there)
      throws ObjectStoreException, IOException, InterruptedException {
    try (var lane = connections.open()) {
      var sendings = new ArrayList<Sending>();
      var parts = new ArrayList<Runnable>();
      var compositions = new ArrayList<Runnable>();
      for (var file : files) {
        var sending = new Sending(file);
        sendings.add(sending);
        takeOver(sending, sending.plan.root(), there, parts, compositions);
      }
      removeStrangers(there);
      parts.forEach(lane::submit);
      compositions.forEach(this::submit);
      var all =
          CompletableFuture.allOf(
              sendings.stream().map(s -> s.whole).toArray(CompletableFuture[]::new));
      try {
        await(CompletableFuture.anyOf(all, failure));
      } finally {
        // Breaks off what is still being sent, if anything is.
        failure.complete(null);
      }
    }
  }

  /**
   * Finds what is stored of a node, and collects what is to be done for the rest. What is taken
   * over is removed from {@code there}.
   */
  private boolean takeOver(
      Sending sending,
      Node node,
      Map<String, StoredObject> there,
      List<Runnable> parts,
      List<Runnable> compositions)
      throws IOException {
    var object = there.get(node.object());
    if (object != null
        && object.bytes() == node.bytes()
        && object.crc32c() == sending.file.crc32c(node.offset(), node.bytes())) {
      there.remove(node.object());
      metrics.takenOver(node.bytes());
      if (node == sending.plan.root()) {
        sending.whole.complete(null);
      } else {
        // Its composition is begun by the caller, when all its sources were found.
        sending.tree.stored(node, object);
      }
      return true;
    }
    if (node.isPart()) {
      parts.add(() -> attempt(() -> sendPart(sending, node)));
      return false;
    }
    var complete = true;
    for (var child : node.children()) {
      complete &= takeOver(sending, child, there, parts, compositions);
    }
    if (complete) {
      compositions.add(() -> attempt(() -> compose(sending, node)));
    }
    return false;
  }

  /** Removes what bears our names but is not ours: parts of an earlier try, another content. */
  private void removeStrangers(Map<String, StoredObject> there) throws ObjectStoreException {
    for (var object : there.values()) {
      if (Uploads.isOurs(object.name(), spooled.prefix())) {
        retries.call(
            () -> {
              store.delete(spooled.bucket(), object);
              return null;
            });
        metrics.orphan();
      }
    }
  }

  private void sendPart(Sending sending, Node node) throws ObjectStoreException, IOException {
    if (failure.isDone()) {
      return;
    }
    try (var range = sending.file.range(node.offset(), node.bytes(), this::before)) {
      var object = store(node, sending.file, () -> put(node, range));
      journal.stored(sending.file.name(), sending.file.chunksOf(node.offset(), node.bytes()));
      metrics.sent(node.bytes());
      stored(sending, node, object);
    }
  }

  private StoredObject put(Node node, SpoolFile.Range range) throws ObjectStoreException {
    if (parallel) {
      return store.put(spooled.bucket(), node.object(), range, ObjectStore.ABSENT);
    }
    var tries = new int[1];
    return store.putStream(
        spooled.bucket(),
        node.object(),
        range,
        ObjectStore.ABSENT,
        e -> retries.pause(Math.min(++tries[0], LONGEST_PAUSE), e));
  }

  /** Asked before each piece that is sent: waits for its turn, or breaks the transfer off. */
  private void before(int bytes) throws IOException {
    if (failure.isDone()) {
      throw new IOException("the upload was given up");
    }
    try {
      rate.take(bytes);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void stored(Sending sending, Node node, StoredObject object) {
    if (node == sending.plan.root()) {
      sending.whole.complete(null);
      return;
    }
    sending
        .tree
        .stored(node, object)
        .ifPresent(next -> submit(() -> attempt(() -> compose(sending, next))));
  }

  private void compose(Sending sending, Node node) throws ObjectStoreException, IOException {
    if (failure.isDone()) {
      return;
    }
    var sources = sending.tree.sources(node);
    var crc = sending.file.crc32c(node.offset(), node.bytes());
    var object =
        store(
            node,
            sending.file,
            () -> {
              var composed =
                  store.compose(spooled.bucket(), sources, node.object(), ObjectStore.ABSENT);
              if (composed.bytes() != node.bytes() || composed.crc32c() != crc) {
                store.delete(spooled.bucket(), composed);
                throw new ObjectStoreException(
                    Kind.CORRUPT,
                    "%s was composed to %d bytes with checksum %08x, wanted are %d with %08x"
                        .formatted(
                            node.object(), composed.bytes(), composed.crc32c(), node.bytes(), crc),
                    null);
              }
              return composed;
            });
    // Before the last composition is told of: then nothing more is begun.
    for (var source : sources) {
      submit(() -> remove(source));
    }
    stored(sending, node, object);
  }

  /**
   * A write that is refused because the very same is there, by a try whose answer was lost, is
   * done.
   */
  private StoredObject store(Node node, SpoolFile file, Retries.Request<StoredObject> write)
      throws ObjectStoreException, IOException {
    try {
      return retries.call(write);
    } catch (ObjectStoreException e) {
      if (e.kind() != Kind.PRECONDITION) {
        throw e;
      }
      var there = retries.call(() -> store.stat(spooled.bucket(), node.object()));
      if (there.isPresent()
          && there.get().bytes() == node.bytes()
          && there.get().crc32c() == file.crc32c(node.offset(), node.bytes())) {
        return there.get();
      }
      throw e;
    }
  }

  private SnapshotManifest manifest() throws IOException {
    var stored = new ArrayList<StoredFile>();
    for (var file : files) {
      stored.add(file.stored());
    }
    return new SnapshotManifest(
        SnapshotManifest.FORMAT, spooled.snapshot(), spooled.specHash(), spooled.node(), stored);
  }

  /** Makes the snapshot exist. */
  private void write(SnapshotManifest manifest) throws ObjectStoreException {
    var body = Body.of(manifest.toJson());
    try {
      retries.call(() -> store.put(spooled.bucket(), manifestName(), body, ObjectStore.ABSENT));
    } catch (ObjectStoreException e) {
      if (e.kind() != Kind.PRECONDITION || !existing().equals(Optional.of(manifest))) {
        throw e;
      }
    }
  }

  private String manifestName() {
    return spooled.prefix() + SnapshotManifest.OBJECT;
  }

  private Optional<SnapshotManifest> existing() throws ObjectStoreException {
    var object = retries.call(() -> store.stat(spooled.bucket(), manifestName()));
    if (object.isEmpty()) {
      return Optional.empty();
    }
    var bytes = ByteBuffer.allocate(Math.toIntExact(object.get().bytes()));
    retries.call(() -> store.read(spooled.bucket(), manifestName(), 0, bytes.clear()));
    try {
      return Optional.of(SnapshotManifest.parse(bytes.array()));
    } catch (InvalidManifestException e) {
      return Optional.empty();
    }
  }

  private void remove(StoredObject object) {
    try {
      retries.call(
          () -> {
            store.delete(spooled.bucket(), object);
            return null;
          });
    } catch (ObjectStoreException | RuntimeException e) {
      leftovers = true;
      metrics.leftBehind(spooled.bucket(), object.name(), e);
    }
  }

  /** After a failure: without its manifest nothing of a snapshot is of use. */
  private void removeAll() {
    // The journal stays: a request whose answer was lost may still be carried out by the store.
    leftovers = true;
    try {
      Uploads.removeLeftovers(store, spooled.bucket(), spooled.prefix(), metrics);
    } catch (ObjectStoreException | RuntimeException e) {
      metrics.leftBehind(spooled.bucket(), spooled.prefix(), e);
    }
  }

  private interface Step {
    void run() throws ObjectStoreException, IOException;
  }

  private void attempt(Step step) {
    try {
      step.run();
    } catch (ObjectStoreException | IOException | RuntimeException | Error e) {
      failure.completeExceptionally(e);
    }
  }

  private void submit(Runnable request) {
    small.execute(
        () -> {
          control.acquireUninterruptibly();
          try {
            request.run();
          } finally {
            control.release();
          }
        });
  }

  private static void await(CompletableFuture<?> future)
      throws ObjectStoreException, IOException, InterruptedException {
    try {
      future.get();
    } catch (ExecutionException e) {
      var cause = e.getCause() instanceof CompletionException c ? c.getCause() : e.getCause();
      switch (cause) {
        case ObjectStoreException failed -> throw failed;
        case IOException failed -> throw failed;
        case RuntimeException failed -> throw failed;
        default -> throw new IOException(cause);
      }
    }
  }
}
