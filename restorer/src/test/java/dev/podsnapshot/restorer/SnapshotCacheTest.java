package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.manifest.SnapshotManifest;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SnapshotCacheTest {
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  private final TestSnapshot snapshot = TestSnapshot.of(1000, 2000, 50 * TestSnapshot.CHUNK);
  @TempDir Path folder;
  private DirectoryStore store;
  private LiveFolder live;
  private SnapshotCache cache;

  @BeforeEach
  void start() throws IOException {
    store = new DirectoryStore(folder.resolve("bucket"));
    for (var name : List.of("one", "two", "three")) {
      var objects = Files.createDirectories(folder.resolve("bucket/" + name));
      for (var file : snapshot.files().entrySet()) {
        Files.write(objects.resolve(file.getKey()), file.getValue());
      }
      var m = snapshot.manifest();
      Files.write(
          objects.resolve(SnapshotManifest.OBJECT),
          new SnapshotManifest(m.format(), name, m.specHash(), m.node(), m.files()).toJson());
    }
    cache(Map.of());
  }

  /** A new process. */
  private void cache(Map<String, String> settings) throws IOException {
    var config = TestConfig.in(folder, settings);
    live = new LiveFolder(config, metrics);
    cache =
        new SnapshotCache(
            config, new SnapshotReader(store.store()), live, new ChunkBuffers(config), metrics);
    cache.sweep(null);
  }

  @AfterEach
  void stop() throws Exception {
    live.stop(null);
  }

  private static Restore restore(String name) {
    return Restore.newBuilder()
        .setSnapshot(SnapshotRef.newBuilder().setName(name))
        .setLocation(Location.newBuilder().setBucket("bucket").setPrefix(name + "/"))
        .build();
  }

  private Staged stage(String name) throws Exception {
    return cache.stage(restore(name), Credential.OWN).whole().get();
  }

  private String reasonOf(Staging staging) {
    var e = assertThrows(ExecutionException.class, () -> staging.whole().get());
    return ((StagingException) e.getCause()).reason();
  }

  private List<String> cached() throws IOException {
    try (var list = Files.list(folder.resolve("cache"))) {
      return list.map(f -> f.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void stagedOnceThenAHit() throws Exception {
    var first = stage("one");
    assertFalse(first.cacheHit());
    assertTrue(snapshot.equalsFilesIn(first.directory()));
    var read = store.bytesRead.get();
    assertTrue(stage("one").cacheHit());
    cache(Map.of());
    assertTrue(stage("one").cacheHit());
    assertEquals(read, store.bytesRead.get());
    assertEquals(List.of("one"), cached());
  }

  @Test
  void aPodGetsNoSnapshotThatItMayNotReadWhoeverBroughtItHere() throws Exception {
    var inPodsName = restore("one").toBuilder().setInPodsName(true).build();
    assertEquals(
        "PermissionDenied", reasonOf(cache.stage(inPodsName, () -> DirectoryStore.STRANGER)));
    assertEquals(List.of(), cached());
    assertTrue(
        snapshot.equalsFilesIn(cache.stage(inPodsName, () -> "owner").whole().get().directory()));
    assertEquals(
        "PermissionDenied", reasonOf(cache.stage(inPodsName, () -> DirectoryStore.STRANGER)));
    assertTrue(cache.stage(inPodsName, () -> "owner").whole().get().cacheHit());
  }

  @Test
  void withoutATokenNothingIsRead() {
    var inPodsName = restore("one").toBuilder().setInPodsName(true).build();
    var failing =
        cache.stage(
            inPodsName,
            () -> {
              throw new StagingException("BucketTokenFailed", "no token");
            });
    assertEquals("BucketTokenFailed", reasonOf(failing));
    assertEquals(0, store.bytesRead.get());
  }

  @Test
  void onlyWhatIsDamagedOnTheDiskIsFetchedAgain() throws Exception {
    var staged = stage("one");
    try (var file =
        new RandomAccessFile(staged.directory().resolve("checkpoint.img").toFile(), "rw")) {
      file.write(new byte[10]);
    }
    var read = store.bytesRead.get();
    var again = stage("one");
    assertFalse(again.cacheHit());
    assertTrue(snapshot.equalsFilesIn(again.directory()));
    assertTrue(store.bytesRead.get() - read < TestSnapshot.CHUNK);
  }

  @Test
  void afterARestartOfTheNodeAllIsVerifiedAgain() throws Exception {
    var staged = stage("one");
    Files.writeString(staged.directory().resolve("verified"), "another boot");
    try (var file = new RandomAccessFile(staged.directory().resolve("pages.img").toFile(), "rw")) {
      file.seek(10 * TestSnapshot.CHUNK);
      file.write(new byte[10]);
    }
    assertTrue(snapshot.equalsFilesIn(stage("one").directory()));
    assertTrue(stage("one").cacheHit());
  }

  @Test
  void aFailedRestoreMakesItVerifiedAgain() throws Exception {
    stage("one");
    cache.distrust(restore("one"));
    var read = store.bytesRead.get();
    assertFalse(stage("one").cacheHit());
    assertTrue(store.bytesRead.get() - read < TestSnapshot.CHUNK);
  }

  @Test
  void whatTheStoreOwesComesLaterWhatCameStays() throws Exception {
    store.downAfter = 20 * TestSnapshot.CHUNK;
    assertEquals("StoreUnavailable", reasonOf(cache.stage(restore("one"), Credential.OWN)));
    assertEquals(List.of("one.partial"), cached());
    store.downAfter = Long.MAX_VALUE;
    store.bytesRead.set(0);
    // The next one gets the first one's reason until that is cleared up.
    while (cache.stage(restore("one"), Credential.OWN).whole().handle((s, e) -> e != null).get()) {
      Thread.sleep(5);
    }
    assertTrue(snapshot.equalsFilesIn(stage("one").directory()));
    assertTrue(store.bytesRead.get() < 40 * TestSnapshot.CHUNK);
    assertEquals(List.of("one"), cached());
  }

  @Test
  void damageInTheBucketLeavesNothing() throws Exception {
    try (var file = new RandomAccessFile(folder.resolve("bucket/one/pages.img").toFile(), "rw")) {
      file.seek(100);
      file.write(new byte[10]);
    }
    assertEquals("SnapshotDamaged", reasonOf(cache.stage(restore("one"), Credential.OWN)));
    // The reason is told first, then is cleared up.
    while (!cached().isEmpty()) {
      Thread.sleep(5);
    }
  }

  @Test
  void theManifestOfAnotherSnapshot() throws Exception {
    Files.copy(
        folder.resolve("bucket/two/manifest.json"),
        folder.resolve("bucket/one/manifest.json"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertEquals("SnapshotDamaged", reasonOf(cache.stage(restore("one"), Credential.OWN)));
  }

  @Test
  void aNameIsNoWayOutOfTheCache() {
    assertEquals("StagingFailed", reasonOf(cache.stage(restore("../one"), Credential.OWN)));
  }

  @Test
  void oneTransferForAll() throws Exception {
    store.pause = 5;
    var first = cache.stage(restore("one"), Credential.OWN);
    var second = cache.stage(restore("one"), Credential.OWN);
    first.whole().get();
    second.whole().get();
    assertTrue(store.bytesRead.get() < 52 * TestSnapshot.CHUNK);
  }

  @Test
  void theLeastRecentlyUsedGoesButNotWhatIsInUse() throws Exception {
    cache(Map.of("podsnapshot.cache-bytes", Long.toString(110 * TestSnapshot.CHUNK)));
    stage("one");
    stage("two");
    cache.release(restore("two"));
    assertTrue(stage("two").cacheHit());
    cache.release(restore("two"));
    Files.setLastModifiedTime(
        folder.resolve("cache/one"), FileTime.from(Instant.now().minus(Duration.ofHours(1))));
    stage("three");
    // The oldest is pinned.
    assertEquals(List.of("one", "three"), cached());
    assertEquals("CacheFull", reasonOf(cache.stage(restore("two"), Credential.OWN)));
  }

  @Test
  void interruptedTransfersAreSweptWhenTheyAreOld() throws Exception {
    store.downAfter = 20 * TestSnapshot.CHUNK;
    reasonOf(cache.stage(restore("one"), Credential.OWN));
    cache(Map.of());
    assertEquals(List.of("one.partial"), cached());
    Files.setLastModifiedTime(
        folder.resolve("cache/one.partial"),
        FileTime.from(Instant.now().minus(Duration.ofDays(2))));
    cache(Map.of());
    assertEquals(List.of(), cached());
  }

  @Test
  void pagesMayStillArriveIfTheyAreMany() throws Exception {
    cache(Map.of("podsnapshot.live-from-bytes", "1000"));
    live.start(null);
    assumeTrue(live.available(), "root and /dev/fuse");
    store.pause = 50;
    var staging = cache.stage(restore("one"), Credential.OWN);
    var directory = staging.directory(10_000);
    assertFalse(staging.whole().isDone());
    assertTrue(snapshot.equalsFilesIn(directory));
    staging.whole().get();
    assertEquals(folder.resolve("cache/one"), staging.directory(10_000));
    assertTrue(Files.exists(directory));
    cache.release(restore("one"));
    assertFalse(Files.exists(directory));
    assertEquals(
        folder.resolve("cache/one"), cache.stage(restore("one"), Credential.OWN).directory(10_000));
  }

  @Test
  void fromTheCacheTheSameWayIfWanted() throws Exception {
    cache(Map.of("podsnapshot.live-from-bytes", "1000", "podsnapshot.live-from-cache", "true"));
    live.start(null);
    assumeTrue(live.available(), "root and /dev/fuse");
    stage("one");
    var hit = cache.stage(restore("one"), Credential.OWN);
    assertTrue(hit.whole().get().cacheHit());
    assertTrue(hit.directory(10_000).startsWith("/proc"));
    assertTrue(snapshot.equalsFilesIn(hit.directory(10_000)));
  }

  @Test
  void notForAPodThatMayNotFailLater() throws Exception {
    cache(Map.of("podsnapshot.live-from-bytes", "1000"));
    live.start(null);
    store.pause = 10;
    var staging =
        cache.stage(restore("one").toBuilder().setWholeBeforeStart(true).build(), Credential.OWN);
    assertEquals(folder.resolve("cache/one"), staging.directory(10_000));
  }

  @Test
  void afterAFailureTheReasonIsKnownBeforeAReadFails() throws Exception {
    cache(Map.of("podsnapshot.live-from-bytes", "1000"));
    live.start(null);
    assumeTrue(live.available(), "root and /dev/fuse");
    store.pause = 20;
    store.downAfter = 20 * TestSnapshot.CHUNK;
    var staging = cache.stage(restore("one"), Credential.OWN);
    var directory = staging.directory(10_000);
    assertThrows(IOException.class, () -> Files.readAllBytes(directory.resolve("pages.img")));
    assertEquals("StoreUnavailable", staging.failure().orElseThrow().reason());
  }
}
