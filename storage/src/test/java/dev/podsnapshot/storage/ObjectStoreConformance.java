package dev.podsnapshot.storage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.manifest.Crc32c;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What every {@link ObjectStore} must do. */
abstract class ObjectStoreConformance {
  /** A bucket that exists; the tests keep apart by prefixes. */
  static final String BUCKET = "conformance";

  private final String prefix = "path with space/ü+&?#/" + UUID.randomUUID() + "/";

  abstract ObjectStore store();

  /** Whether the server checks the generations of a composition (fake-gcs-server does not). */
  boolean composeHasConditions() {
    return true;
  }

  @Test
  void whatIsPutIsThere() throws Exception {
    for (var bytes : List.of(new byte[0], random(1), random(300_000), random(5_000_001))) {
      var name = prefix + "object-" + bytes.length;
      var put = store().put(BUCKET, name, Body.of(bytes), ObjectStore.ABSENT);
      assertEquals(name, put.name());
      assertEquals(bytes.length, put.bytes());
      assertEquals(Crc32c.of(ByteBuffer.wrap(bytes)), put.crc32c());
      assertNotEquals(0, put.generation());
      assertEquals(Optional.of(put), store().stat(BUCKET, name));
      assertArrayEquals(bytes, read(name, bytes.length));
    }
  }

  @Test
  void aStreamIsOneObject() throws Exception {
    var bytes = random(1_234_567);
    var put =
        store()
            .putStream(
                BUCKET,
                prefix + "s",
                Body.of(bytes),
                ObjectStore.ABSENT,
                failure -> {
                  throw failure;
                });
    assertEquals(Crc32c.of(ByteBuffer.wrap(bytes)), put.crc32c());
    assertEquals(Optional.of(put), store().stat(BUCKET, prefix + "s"));
    assertArrayEquals(bytes, read(prefix + "s", bytes.length));
  }

  @Test
  void readsRanges() throws Exception {
    var bytes = random(1_000_000);
    store().put(BUCKET, prefix + "r", Body.of(bytes), ObjectStore.ABSENT);
    for (var into : List.of(ByteBuffer.allocate(1000), ByteBuffer.allocateDirect(1000))) {
      into.position(10).limit(510);
      assertEquals(500, store().read(BUCKET, prefix + "r", 123_456, into));
      assertEquals(510, into.position());
      var got = new byte[500];
      into.get(10, got);
      assertArrayEquals(Arrays.copyOfRange(bytes, 123_456, 123_956), got);
    }
    assertEquals(4, store().read(BUCKET, prefix + "r", 999_996, ByteBuffer.allocate(100)));
    assertEquals(0, store().read(BUCKET, prefix + "r", 1_000_000, ByteBuffer.allocate(100)));
    assertEquals(0, store().read(BUCKET, prefix + "r", 5, ByteBuffer.allocate(0)));
    assertKind(
        Kind.NOT_FOUND, () -> store().read(BUCKET, prefix + "none", 0, ByteBuffer.allocate(1)));
  }

  @Test
  void writesHoldToTheGenerationTheyName() throws Exception {
    var name = prefix + "g";
    var first = store().put(BUCKET, name, Body.of(random(10)), ObjectStore.ABSENT);
    assertKind(
        Kind.PRECONDITION,
        () -> store().put(BUCKET, name, Body.of(random(20)), ObjectStore.ABSENT));
    assertKind(
        Kind.PRECONDITION,
        () -> store().put(BUCKET, name, Body.of(random(20)), first.generation() + 1));
    assertEquals(Optional.of(first), store().stat(BUCKET, name));
    var second = store().put(BUCKET, name, Body.of(random(30)), first.generation());
    assertNotEquals(first.generation(), second.generation());
    var third = store().put(BUCKET, name, Body.of(random(40)), ObjectStore.ANY);
    assertEquals(Optional.of(third), store().stat(BUCKET, name));
  }

  @Test
  void deletesAtAGeneration() throws Exception {
    var name = prefix + "d";
    var first = store().put(BUCKET, name, Body.of(random(10)), ObjectStore.ABSENT);
    var second = store().put(BUCKET, name, Body.of(random(20)), first.generation());
    store().delete(BUCKET, first);
    assertEquals(Optional.of(second), store().stat(BUCKET, name));
    store().delete(BUCKET, second);
    assertEquals(Optional.empty(), store().stat(BUCKET, name));
    store().delete(BUCKET, second);
    store().delete(BUCKET, name);
  }

  @Test
  void composesInOrder() throws Exception {
    var sources = new ArrayList<StoredObject>();
    var whole = ByteBuffer.allocate(32 * 1000);
    for (var i = 0; i < ObjectStore.MAX_COMPOSE_SOURCES; i++) {
      var bytes = random(1000);
      whole.put(bytes);
      sources.add(
          store().put(BUCKET, prefix + "c." + (31 - i), Body.of(bytes), ObjectStore.ABSENT));
    }
    var composed = store().compose(BUCKET, sources, prefix + "c", ObjectStore.ABSENT);
    assertEquals(Crc32c.of(whole.flip()), composed.crc32c());
    assertEquals(32_000, composed.bytes());
    assertEquals(Optional.of(composed), store().stat(BUCKET, prefix + "c"));
    assertArrayEquals(whole.array(), read(prefix + "c", 32_000));
    assertEquals(Optional.of(sources.get(5)), store().stat(BUCKET, sources.get(5).name()));
  }

  @Test
  void composesNothingButWhatWasNamed() throws Exception {
    var part = store().put(BUCKET, prefix + "n.1", Body.of(random(10)), ObjectStore.ABSENT);
    var gone = new StoredObject(prefix + "n.2", 1, 1, 12345);
    assertThrows(
        ObjectStoreException.class,
        () -> store().compose(BUCKET, List.of(part, gone), prefix + "n", ObjectStore.ABSENT));
    if (composeHasConditions()) {
      var other = new StoredObject(part.name(), 10, part.crc32c(), part.generation() + 1);
      assertKind(
          Kind.PRECONDITION,
          () -> store().compose(BUCKET, List.of(other), prefix + "n", ObjectStore.ABSENT));
      store().put(BUCKET, prefix + "n", Body.of(random(3)), ObjectStore.ABSENT);
      assertKind(
          Kind.PRECONDITION,
          () -> store().compose(BUCKET, List.of(part), prefix + "n", ObjectStore.ABSENT));
    } else {
      assertEquals(Optional.empty(), store().stat(BUCKET, prefix + "n"));
    }
  }

  @Test
  void listsBelowAPrefixInOrder() throws Exception {
    var put = new ArrayList<StoredObject>();
    for (var name : List.of("l/a", "l/b/c", "l/d")) {
      put.add(store().put(BUCKET, prefix + name, Body.of(random(7)), ObjectStore.ABSENT));
    }
    store().put(BUCKET, prefix + "m", Body.of(random(7)), ObjectStore.ABSENT);
    assertEquals(put, store().objects(BUCKET, prefix + "l/"));
    assertEquals(
        put.stream().map(StoredObject::name).toList(), store().list(BUCKET, prefix + "l/"));
    assertEquals(List.of(), store().objects(BUCKET, prefix + "none/"));
  }

  /** The body's own failure is told apart, and nothing is stored of it. */
  @Test
  void aBodyThatBreaksOffStoresNothing() throws Exception {
    var broken =
        new Body() {
          @Override
          public long bytes() {
            return 3_000_000;
          }

          @Override
          public void read(long offset, ByteBuffer into) throws IOException {
            if (offset + into.remaining() > 1_000_000) {
              throw new IOException("the disk is broken");
            }
            into.position(into.limit());
          }

          @Override
          public int crc32c() {
            return 0;
          }
        };
    var e =
        assertKind(
            Kind.SOURCE, () -> store().put(BUCKET, prefix + "b", broken, ObjectStore.ABSENT));
    assertTrue(e.getMessage().contains("the disk is broken"), e.getMessage());
    assertEquals(Optional.empty(), store().stat(BUCKET, prefix + "b"));
  }

  /** A checksum that differs from the store's leaves no object. */
  @Test
  void whatArrivesOtherwiseIsRemoved() throws Exception {
    var lying =
        new Body() {
          private final Body body = Body.of(random(1000));

          @Override
          public long bytes() {
            return body.bytes();
          }

          @Override
          public void read(long offset, ByteBuffer into) throws IOException {
            body.read(offset, into);
          }

          @Override
          public int crc32c() {
            return ~body.crc32c();
          }
        };
    if (verifies()) {
      assertKind(Kind.CORRUPT, () -> store().put(BUCKET, prefix + "x", lying, ObjectStore.ABSENT));
      assertEquals(Optional.empty(), store().stat(BUCKET, prefix + "x"));
    }
  }

  boolean verifies() {
    return true;
  }

  @Test
  void manyAtOnce() throws Exception {
    var bytes = random(600_000);
    try (var threads = Executors.newFixedThreadPool(8)) {
      var tasks = new ArrayList<Future<StoredObject>>();
      for (var i = 0; i < 40; i++) {
        var name = prefix + "many/" + i;
        Callable<StoredObject> task =
            () -> {
              var put = store().put(BUCKET, name, Body.of(bytes), ObjectStore.ABSENT);
              assertArrayEquals(bytes, read(name, bytes.length));
              return put;
            };
        tasks.add(threads.submit(task));
      }
      for (var task : tasks) {
        assertEquals(600_000, task.get().bytes());
      }
    }
    assertEquals(40, store().objects(BUCKET, prefix + "many/").size());
  }

  @Test
  void aBucketThatIsNotThere() throws Exception {
    assertEquals("STANDARD", store().bucketFacts(BUCKET).storageClass());
    assertKind(Kind.NOT_FOUND, () -> store().bucketFacts("no-such-bucket"));
    assertKind(
        Kind.NOT_FOUND,
        () -> store().put("no-such-bucket", "x", Body.of(random(3)), ObjectStore.ABSENT));
  }

  private byte[] read(String name, int bytes) throws ObjectStoreException {
    var into = ByteBuffer.allocate(bytes);
    store().read(BUCKET, name, 0, into);
    return into.array();
  }

  static byte[] random(int bytes) {
    var result = new byte[bytes];
    new Random(bytes).nextBytes(result);
    return result;
  }

  static ObjectStoreException assertKind(Kind kind, Executable call) {
    var e = assertThrows(ObjectStoreException.class, call);
    assertEquals(kind, e.kind(), e.getMessage());
    return e;
  }
}
