package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.Body;
import dev.podsnapshot.storage.BucketFacts;
import dev.podsnapshot.storage.MemoryObjectStore;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import dev.podsnapshot.storage.StoredObject;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole uploads into a store in memory, with faults: a snapshot is there entirely, or nothing is.
 */
class UploadsTest {
  private static final int CHUNK = SnapshotManifest.CHUNK_BYTES;
  private static final String BUCKET = "bucket";

  @TempDir Path home;

  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private FaultyStore store;
  private TestConfig config;
  private Uploads uploads;

  @BeforeEach
  void start() {
    store = new FaultyStore();
    store.bucket(BUCKET);
    config = new TestConfig(home, CHUNK, 4, 0);
    restart();
  }

  /** As a new process would be: nothing is left but the journal and the store. */
  private void restart() {
    uploads = new Uploads(config, store, metrics);
  }

  private Spooled spool(String snapshot, int pagesBytes) throws IOException {
    var folder = Files.createDirectories(config.spool().resolve(snapshot));
    write(folder.resolve("checkpoint.img"), 100_000);
    write(folder.resolve("pages_meta.img"), 0);
    write(folder.resolve("pages.img"), pagesBytes);
    return UploadProcess.spooled(config, BUCKET, snapshot, "path/" + snapshot + "/");
  }

  private static void write(Path file, int bytes) throws IOException {
    var random = new byte[bytes];
    new Random(bytes).nextBytes(random);
    Files.write(file, random);
  }

  private void assertStored(Spooled spooled) throws Exception {
    var prefix = spooled.prefix();
    assertEquals(
        new TreeSet<>(
            List.of(
                prefix + "checkpoint.img",
                prefix + "pages_meta.img",
                prefix + "pages.img",
                prefix + "manifest.json")),
        new TreeSet<>(store.list(BUCKET, prefix)));
    var manifest = SnapshotManifest.parse(store.bytes(BUCKET, prefix + "manifest.json"));
    for (var file : manifest.files()) {
      var path = spooled.directory().resolve(file.name());
      assertTrue(store.isFile(BUCKET, prefix + file.name(), path), file.name());
      assertEquals(SpoolFile.open(path).stored(), file);
    }
    assertEquals(3, manifest.files().size());
    assertEquals(List.of(), Journal.all(config.journal()));
  }

  private void assertNothingStored() throws Exception {
    assertEquals(List.of(), store.list(BUCKET, ""));
  }

  /** A process that was killed writes no last line. */
  private void killed(Spooled spooled) throws IOException {
    var journal = Journal.path(config.journal(), spooled.snapshot());
    if (Files.exists(journal)) {
      Files.writeString(journal, Files.readString(journal).replace("sweep\n", ""));
    }
  }

  private double count(String name) {
    return metrics.counter(name).count();
  }

  @Test
  void aSnapshotOfAllSizes() throws Exception {
    for (var bytes : new int[] {0, 1, CHUNK, CHUNK + 1, 5 * CHUNK - 7}) {
      var spooled = spool("s" + bytes, bytes);
      var stored = uploads.store(spooled, "");
      assertEquals(100_000 + bytes, stored.bytes());
      assertTrue(stored.singleStream().isEmpty());
      assertStored(spooled);
    }
  }

  @Test
  void aTreeOfCompositions() throws Exception {
    var spooled = spool("deep", 33 * CHUNK + 5);
    uploads.store(spooled, "");
    assertStored(spooled);
    assertEquals(3, store.composed.get(), "34 parts are compositions of 32, of 2, and of both");
  }

  @Test
  void oneStreamWherePartsWouldDoHarm() throws Exception {
    store.facts(new BucketFacts(true, true, 604_800, false, false, "STANDARD", "EU"));
    var spooled = spool("single", 3 * CHUNK);
    assertEquals(
        "the bucket has soft delete on (604800 s)",
        uploads.store(spooled, "").singleStream().get());
    assertStored(spooled);
    assertEquals(0, store.composed.get());
    assertEquals(4, store.puts.get());
  }

  @Test
  void requestsThatFailAreSentAgain() throws Exception {
    store.fault = (name, attempt) -> attempt == 1 ? Fault.REFUSED : Fault.NONE;
    var spooled = spool("again", 3 * CHUNK);
    uploads.store(spooled, "");
    assertStored(spooled);
    assertTrue(count("podsnapshot_upload_retries_total") >= 7);
  }

  /** The store carried out what it did not answer: the next try is refused, and that is success. */
  @Test
  void answersThatAreLostDoNoHarm() throws Exception {
    store.fault = (name, attempt) -> attempt == 1 ? Fault.ANSWER_LOST : Fault.NONE;
    var spooled = spool("lost", 3 * CHUNK);
    uploads.store(spooled, "");
    assertStored(spooled);
  }

  @Test
  void aPartThatArrivesDamagedIsSentAgain() throws Exception {
    store.fault =
        (name, attempt) ->
            name.contains("part-0-000001") && attempt == 1 ? Fault.DAMAGED : Fault.NONE;
    var spooled = spool("damaged", 3 * CHUNK);
    uploads.store(spooled, "");
    assertStored(spooled);
  }

  @Test
  void aStoreThatStaysDamagedGivesNoSnapshot() throws Exception {
    store.fault = (name, attempt) -> name.contains("part-0-000001") ? Fault.DAMAGED : Fault.NONE;
    var spooled = spool("damaged", 3 * CHUNK);
    var e = assertThrows(ObjectStoreException.class, () -> uploads.store(spooled, ""));
    assertEquals(Kind.CORRUPT, e.kind());
    assertNothingStored();
  }

  @Test
  void whateverIsForbiddenLeavesNothing() throws Exception {
    for (var forbidden : List.of("checkpoint.img", "part-0-000002", "pages.img", "manifest.json")) {
      start();
      store.fault = (name, attempt) -> name.endsWith(forbidden) ? Fault.FORBIDDEN : Fault.NONE;
      var spooled = spool("forbidden", 3 * CHUNK);
      var e = assertThrows(ObjectStoreException.class, () -> uploads.store(spooled, ""));
      assertEquals(Kind.PERMISSION_DENIED, e.kind(), forbidden);
      assertNothingStored();
      store.fault = (name, attempt) -> Fault.NONE;
      uploads.store(spooled, "");
      assertStored(spooled);
    }
  }

  /** What could not be removed is removed later, by whoever comes first. */
  @Test
  void aStoreThatGoesDownIsSweptWhenItIsBack() throws Exception {
    var spooled = spool("down", 3 * CHUNK);
    store.fault = (name, attempt) -> name.contains("part-0-000002") ? Fault.FORBIDDEN : Fault.NONE;
    store.down = true;
    assertThrows(ObjectStoreException.class, () -> uploads.store(spooled, ""));
    store.down = false;
    assertTrue(!store.list(BUCKET, "").isEmpty(), "nothing to sweep: the test is void");
    restart();
    uploads.sweep();
    assertNothingStored();
    assertEquals(List.of(), Journal.all(config.journal()));
  }

  /** A process that dies at any request: the next one sends only what is not stored. */
  @Test
  void resumesAfterEveryDeath() throws Exception {
    for (var death = 1; ; death++) {
      start();
      var spooled = spool("death", 11 * CHUNK + 5);
      store.dieAfter = death;
      var survived = false;
      try {
        uploads.store(spooled, "");
        survived = !store.dead; // it may have died over what it removes last
      } catch (FaultyStore.Death | IOException e) {
        survived = false;
      }
      store.dieAfter = -1;
      var there =
          store.objects(BUCKET, spooled.prefix()).stream().mapToLong(StoredObject::bytes).sum();
      store.dead = false;
      killed(spooled);
      store.sent.set(0);
      restart();
      uploads.sweep(); // nothing of it: the spool is there
      if (!survived) {
        uploads.store(spooled, "");
        assertTrue(
            store.sent.get() <= 11L * CHUNK + 100_005 - Math.min(there, 11L * CHUNK) + 10_000,
            "death %d: %d bytes were there, %d sent".formatted(death, there, store.sent.get()));
      }
      assertStored(spooled);
      if (survived) {
        assertTrue(death > 25, "only %d requests".formatted(death));
        break;
      }
    }
  }

  @Test
  void aCheckpointThatWasTakenAgainIsNotMixedUp() throws Exception {
    var spooled = spool("retaken", 5 * CHUNK);
    store.dieAfter = 6;
    assertThrows(Throwable.class, () -> uploads.store(spooled, ""));
    store.dieAfter = -1;
    store.dead = false;
    var other = new byte[5 * CHUNK];
    new Random(99).nextBytes(other);
    Files.write(spooled.directory().resolve("pages.img"), other);
    killed(spooled);
    restart();
    uploads.store(spooled, "");
    assertStored(spooled);
  }

  @Test
  void storedTwiceIsStoredOnce() throws Exception {
    var spooled = spool("twice", 3 * CHUNK);
    uploads.store(spooled, "");
    var generations = store.objects(BUCKET, "");
    uploads.store(spooled, "");
    restart();
    uploads.store(spooled, "");
    assertEquals(generations, store.objects(BUCKET, ""));
    assertStored(spooled);
  }

  @Test
  void anotherSnapshotIsNeverTouched() throws Exception {
    var spooled = spool("mine", 3 * CHUNK);
    uploads.store(spooled, "");
    var generations = store.objects(BUCKET, "");
    Files.write(spooled.directory().resolve("checkpoint.img"), new byte[3]);
    assertThrows(UploadException.class, () -> uploads.store(spooled, ""));
    assertEquals(generations, store.objects(BUCKET, ""));
  }

  /** The snapshot was deleted while the uploader was down: its spool is gone. */
  @Test
  void partsOfASnapshotThatNobodyWantsAreSwept() throws Exception {
    var spooled = spool("unwanted", 5 * CHUNK);
    store.dieAfter = 6;
    assertThrows(Throwable.class, () -> uploads.store(spooled, ""));
    store.dieAfter = -1;
    store.dead = false;
    store.put(BUCKET, "path/unwanted-not/pages.img", Body.of(new byte[3]), ObjectStore.ABSENT);
    assertTrue(store.list(BUCKET, spooled.prefix()).size() > 1);
    for (var file : List.of("checkpoint.img", "pages_meta.img", "pages.img")) {
      Files.delete(spooled.directory().resolve(file));
    }
    Files.delete(spooled.directory());
    killed(spooled);
    restart();
    uploads.sweep();
    assertEquals(List.of("path/unwanted-not/pages.img"), store.list(BUCKET, ""));
    assertEquals(List.of(), Journal.all(config.journal()));
  }

  @Test
  void aFullDiskUnderTheJournalSendsNothing() throws Exception {
    var spooled = spool("full", 3 * CHUNK);
    Files.createDirectories(home);
    Files.write(config.journal(), new byte[0]); // no folder can be there
    assertThrows(IOException.class, () -> uploads.store(spooled, ""));
    assertNothingStored();
    assertEquals(0, store.puts.get());
  }

  @Test
  void manyAtOnce() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var running = new ArrayList<Future<Spooled>>();
      for (var i = 0; i < 6; i++) {
        var spooled = spool("many-" + i, (i + 1) * CHUNK);
        Callable<Spooled> task =
            () -> {
              uploads.store(spooled, "");
              return spooled;
            };
        running.add(threads.submit(task));
        running.add(threads.submit(task)); // asked twice
      }
      for (var upload : running) {
        upload.get();
      }
      for (var upload : running) {
        assertStored(upload.get());
      }
    }
  }

  private enum Fault {
    NONE,
    /** Nothing happened. */
    REFUSED,
    /** It was carried out, but nobody heard of it. */
    ANSWER_LOST,
    DAMAGED,
    FORBIDDEN
  }

  private interface Faults {
    Fault of(String name, int attempt);
  }

  /** Fails writes as told, and dies after a number of requests, as a killed process would. */
  private static final class FaultyStore extends MemoryObjectStore {
    private Faults fault = (name, attempt) -> Fault.NONE;
    private final Map<String, Integer> attempts = new HashMap<>();
    private final AtomicInteger puts = new AtomicInteger();
    private final AtomicInteger composed = new AtomicInteger();
    private final AtomicLong sent = new AtomicLong();
    private volatile boolean down;
    private int dieAfter = -1;
    private volatile boolean dead;
    private int requests;

    static final class Death extends RuntimeException {
      private Death() {
        super("killed");
      }
    }

    private interface Write {
      StoredObject run() throws ObjectStoreException;
    }

    private synchronized void live() {
      if (dead || (dieAfter > 0 && ++requests > dieAfter)) {
        dead = true;
        throw new Death();
      }
    }

    private StoredObject write(String name, Write write) throws ObjectStoreException {
      live();
      int attempt;
      synchronized (attempts) {
        attempt = attempts.merge(name, 1, Integer::sum);
      }
      switch (fault.of(name, attempt)) {
        case NONE -> {}
        case REFUSED -> throw new ObjectStoreException(Kind.UNAVAILABLE, "503", null);
        case ANSWER_LOST -> {
          write.run();
          throw new ObjectStoreException(Kind.UNAVAILABLE, "reset", null);
        }
        case DAMAGED -> throw new ObjectStoreException(Kind.CORRUPT, "wrong checksum", null);
        case FORBIDDEN -> throw new ObjectStoreException(Kind.PERMISSION_DENIED, "403", null);
      }
      return write.run();
    }

    @Override
    public StoredObject put(String bucket, String name, Body body, long ifGeneration)
        throws ObjectStoreException {
      puts.incrementAndGet();
      sent.addAndGet(body.bytes());
      return write(name, () -> super.put(bucket, name, body, ifGeneration));
    }

    @Override
    public StoredObject compose(
        String bucket, List<StoredObject> sources, String target, long ifGeneration)
        throws ObjectStoreException {
      composed.incrementAndGet();
      return write(target, () -> super.compose(bucket, sources, target, ifGeneration));
    }

    @Override
    public synchronized void delete(String bucket, StoredObject object)
        throws ObjectStoreException {
      live();
      if (down) {
        throw new ObjectStoreException(Kind.PERMISSION_DENIED, "down", null);
      }
      super.delete(bucket, object);
    }
  }
}
