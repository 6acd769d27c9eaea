package dev.podsnapshot.uploader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.FakeGcs;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.StoredObject;
import dev.podsnapshot.storage.Stores;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The uploader's process, killed at random moments of an upload to a real fake-gcs-server process,
 * then started again: the snapshot is whole, nothing else is left, and what was stored is not sent
 * again. {@code -Dkills=50} for many ({@code bench/faults-upload}).
 */
class KilledUploadTest {
  private static final int KILLS = Integer.getInteger("kills", 3);
  private static final long SEED = Long.getLong("seed", 1L);
  private static final String BUCKET = "snapshots";
  private static final int PAGES = 12 * SnapshotManifest.CHUNK_BYTES + 4321;
  private static final Pattern STORED =
      Pattern.compile("stored bytes=(\\d+) millis=(\\d+) resumed=(\\d+) sent=(\\d+)");

  @TempDir Path home;

  private final Random random = new Random(SEED);
  private Path base;
  private FakeGcs server;
  private ObjectStore store;

  @Test
  void killedAtAnyMoment() throws Exception {
    var program = FakeGcs.program();
    assumeTrue(program.isPresent(), "no fake-gcs-server: local/cluster up builds it");
    base = Files.createDirectories(home.resolve("base"));
    write("checkpoint.img", 500_000);
    write("pages_meta.img", 3_000);
    write("pages.img", PAGES);
    server = FakeGcs.start(program.get(), home.resolve("gcs"), BUCKET);
    try {
      store = Stores.at(server.endpoint());
      killAndLook();
    } finally {
      server.close();
    }
  }

  private void killAndLook() throws Exception {
    var first = STORED.matcher(run("whole"));
    assertTrue(first.find());
    var whole = Long.parseLong(first.group(2));
    assertRestorable("whole");
    var early = 0;
    var midway = 0;
    var late = 0;
    var resumed = 0L;
    for (var kill = 0; kill < KILLS; kill++) {
      var snapshot = "killed-" + kill;
      var process = start(snapshot);
      // The upload begins with its journal.
      var journal = Journal.path(home.resolve("journal"), snapshot);
      while (!Files.exists(journal) && process.isAlive()) {
        Thread.sleep(1);
      }
      Thread.sleep((long) (whole * random.nextDouble()));
      process.destroyForcibly();
      process.waitFor();
      var there = settled(snapshot);
      var exists = there.stream().anyMatch(o -> o.name().endsWith(SnapshotManifest.OBJECT));
      if (exists) {
        late++;
        verify(snapshot);
      } else if (there.isEmpty()) {
        early++;
      } else {
        midway++;
      }
      if (kill % 5 == 4) {
        // The snapshot is not wanted any more: nobody asks for it again.
        unspool(snapshot);
        output(process(snapshot, 0));
        if (exists) {
          assertRestorable(snapshot);
        } else {
          assertEquals(List.of(), store.objects(BUCKET, snapshot + "/"), "swept");
        }
      } else {
        var matcher = STORED.matcher(run(snapshot));
        assertTrue(matcher.find());
        var total = Long.parseLong(matcher.group(1));
        resumed += Long.parseLong(matcher.group(3));
        assertEquals(total, Long.parseLong(matcher.group(3)) + Long.parseLong(matcher.group(4)));
        assertTrue(
            Long.parseLong(matcher.group(3)) >= useful(there),
            "sent again what was stored: %s of %s".formatted(matcher.group(), there));
        assertRestorable(snapshot);
      }
    }
    System.out.printf(
        "%d kills (seed %d): %d before anything was stored, %d in mid-upload, %d when the snapshot was complete; %d MiB were not sent again; 0 snapshots that can't be restored, 0 leftovers%n",
        KILLS, SEED, early, midway, late, resumed >> 20);
  }

  /** Each byte of the snapshot counts once, whether it lies in a part or in the whole object. */
  private static long useful(List<StoredObject> objects) {
    var whole = 0L;
    var parts = 0L;
    var pages = 0L;
    for (var object : objects) {
      if (object.name().contains(".part-")) {
        parts += object.bytes();
      } else if (object.name().endsWith("/pages.img")) {
        pages = object.bytes();
      } else if (!object.name().endsWith(SnapshotManifest.OBJECT)) {
        whole += object.bytes();
      }
    }
    return whole + Math.max(pages, parts);
  }

  /** What is stored when requests that were under way have ended. */
  private List<StoredObject> settled(String snapshot) throws Exception {
    List<StoredObject> before;
    var now = store.objects(BUCKET, snapshot + "/");
    do {
      before = now;
      Thread.sleep(100);
      now = store.objects(BUCKET, snapshot + "/");
    } while (!now.equals(before));
    return now;
  }

  private void assertRestorable(String snapshot) throws Exception {
    assertEquals(
        new TreeSet<>(
            List.of(
                snapshot + "/checkpoint.img",
                snapshot + "/manifest.json",
                snapshot + "/pages.img",
                snapshot + "/pages_meta.img")),
        new TreeSet<>(store.list(BUCKET, snapshot + "/")));
    verify(snapshot);
  }

  /** A manifest is there: so must be every byte that it names. */
  private void verify(String snapshot) throws Exception {
    var manifest = SnapshotManifest.parse(bytes(snapshot, SnapshotManifest.OBJECT));
    assertEquals(3, manifest.files().size());
    for (var file : manifest.files()) {
      assertEquals(SpoolFile.open(base.resolve(file.name())).stored(), file);
      assertEquals(
          -1,
          ByteBuffer.wrap(Files.readAllBytes(base.resolve(file.name())))
              .mismatch(ByteBuffer.wrap(bytes(snapshot, file.name()))),
          file.name());
    }
  }

  private byte[] bytes(String snapshot, String file) throws Exception {
    var object = store.stat(BUCKET, snapshot + "/" + file).orElseThrow();
    var into = ByteBuffer.allocate((int) object.bytes());
    store.read(BUCKET, object.name(), 0, into);
    return into.array();
  }

  private void write(String name, int bytes) throws IOException {
    var content = new byte[bytes];
    random.nextBytes(content);
    Files.write(base.resolve(name), content);
  }

  private Path spool(String snapshot) {
    return home.resolve("spool").resolve(snapshot);
  }

  private Process start(String snapshot) throws IOException {
    Files.createDirectories(spool(snapshot));
    try (var files = Files.newDirectoryStream(base)) {
      for (var file : files) {
        var link = spool(snapshot).resolve(file.getFileName());
        if (!Files.exists(link)) {
          Files.createLink(link, file);
        }
      }
    }
    return process(snapshot, 1);
  }

  private void unspool(String snapshot) throws IOException {
    try (var files = Files.newDirectoryStream(spool(snapshot))) {
      for (var file : files) {
        Files.delete(file);
      }
    }
    Files.delete(spool(snapshot));
  }

  private String run(String snapshot) throws Exception {
    return output(start(snapshot));
  }

  private static String output(Process process) throws Exception {
    var output = new String(process.getInputStream().readAllBytes());
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private Process process(String snapshot, int rounds) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(UploadProcess.class.getName());
    command.addAll(List.of(server.endpoint(), home.toString(), BUCKET, snapshot, "4"));
    command.add(Integer.toString(rounds));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
