package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.cloud.NoCredentials;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import com.google.cloud.storage.transfermanager.ParallelDownloadConfig;
import com.google.cloud.storage.transfermanager.TransferManagerConfig;
import com.google.cloud.storage.transfermanager.TransferStatus;
import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.Stores;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Measures, for bench/stage, which starts the object store and writes the tables. Not part of the
 * suite. Seconds, medians of rounds in which each way has its turn.
 */
@EnabledIfSystemProperty(named = "bench.endpoint", matches = ".+")
class StageBench {
  private static final String ENDPOINT = System.getProperty("bench.endpoint");
  private static final Path FOLDER = Path.of(System.getProperty("bench.folder", "."));
  private static final int ROUNDS = Integer.getInteger("bench.rounds", 5);
  private static final List<Integer> SIZES =
      Arrays.stream(System.getProperty("bench.mib", "256,1024").split(","))
          .map(Integer::valueOf)
          .toList();
  private static final String BUCKET = "bench";

  private final Storage storage =
      StorageOptions.http()
          .setHost(ENDPOINT)
          .setProjectId("bench")
          .setCredentials(NoCredentials.getInstance())
          .build()
          .getService();

  private interface Way {
    void run() throws Exception;
  }

  @Test
  void stage() throws Exception {
    var out = new StringBuilder();
    out.append(
            "| snapshot | restorer | TransferManager | one stream | TransferManager / restorer |")
        .append(" one stream / restorer |\n|---|---|---|---|---|---|\n");
    for (var mib : SIZES) {
      var name = "random-" + mib;
      upload(name, mib);
      var ways = new LinkedHashMap<String, Way>();
      ways.put("restorer", () -> stageByRestorer(name));
      ways.put("manager", () -> stageByTransferManager(name));
      ways.put("stream", () -> stageByOneStream(name));
      var medians = medians(ways, mib);
      out.append(
          "| %d MiB | %.2f s (%.0f MiB/s) | %.2f s | %.2f s | %.1f | %.1f |\n"
              .formatted(
                  mib,
                  medians.get("restorer"),
                  mib / medians.get("restorer"),
                  medians.get("manager"),
                  medians.get("stream"),
                  medians.get("manager") / medians.get("restorer"),
                  medians.get("stream") / medians.get("restorer")));
    }
    Files.writeString(FOLDER.resolve("stage.md"), out);
  }

  /** To the first sign of life, and to all memory in place. */
  @Test
  void restore() throws Exception {
    var out = new StringBuilder();
    out.append(
            "| memory | from the bucket, while it arrives | ... when it is whole | from the cache, through the live folder | ... as plain files |")
        .append(" whole / arriving |\n|---|---|---|---|---|---|\n");
    for (var mib : SIZES) {
      var folder = Files.createDirectories(FOLDER.resolve("sandbox-" + mib));
      try (var sandbox = TestSandbox.in(folder, mib)) {
        var image = sandbox.checkpoint();
        var name = "memory-" + mib;
        put(name, image);
        var firsts = new LinkedHashMap<String, List<Double>>();
        var alls = new LinkedHashMap<String, List<Double>>();
        for (var round = 0; round < ROUNDS + 1; round++) {
          for (var way : List.of("live", "whole", "cached", "plain")) {
            if (way.equals("live") || way.equals("whole")) {
              deleteAll(FOLDER.resolve("node"));
            }
            settle(mib);
            var times = restore(sandbox, name, way, "s-%d-%s".formatted(round, way));
            if (round > 0) {
              firsts.computeIfAbsent(way, k -> new ArrayList<>()).add(times[0]);
              alls.computeIfAbsent(way, k -> new ArrayList<>()).add(times[1]);
            }
          }
        }
        out.append("| %d MiB ".formatted(mib));
        for (var way : List.of("live", "whole", "cached", "plain")) {
          out.append(
              "| %.2f s, all %.2f s ".formatted(median(firsts.get(way)), median(alls.get(way))));
        }
        out.append(
            "| %.1f |\n".formatted(median(firsts.get("whole")) / median(firsts.get("live"))));
      }
      deleteAll(folder);
    }
    Files.writeString(FOLDER.resolve("restore.md"), out);
  }

  private double[] restore(TestSandbox sandbox, String name, String way, String id)
      throws Exception {
    var live = new LiveFolder(config(), new SimpleMeterRegistry());
    live.start(null);
    try {
      sandbox.create(id);
      var begin = System.nanoTime();
      var cache = cache(live);
      var staging =
          cache.stage(restoreOf(name, way.equals("whole") || way.equals("plain")), Credential.OWN);
      sandbox.restoreCreated(id, staging.directory(600_000));
      while (!sandbox.output(id).contains("tick")) {
        Thread.sleep(2);
      }
      var first = secondsSince(begin);
      sandbox.awaitRestored(id);
      var all = secondsSince(begin);
      staging.whole().get();
      cache.release(restoreOf(name, false));
      sandbox.end(id);
      return new double[] {first, all};
    } finally {
      live.stop(null);
    }
  }

  private Map<String, Double> medians(Map<String, Way> ways, int mib) throws Exception {
    var seconds = new LinkedHashMap<String, List<Double>>();
    for (var round = 0; round < ROUNDS + 1; round++) {
      var order = new ArrayList<>(ways.entrySet());
      Collections.rotate(order, round);
      for (var way : order) {
        deleteAll(FOLDER.resolve("node"));
        Files.createDirectories(FOLDER.resolve("node"));
        settle(mib);
        var begin = System.nanoTime();
        way.getValue().run();
        if (round > 0) { // the first one warms up
          seconds.computeIfAbsent(way.getKey(), k -> new ArrayList<>()).add(secondsSince(begin));
        }
      }
    }
    var medians = new LinkedHashMap<String, Double>();
    seconds.forEach((way, values) -> medians.put(way, median(values)));
    return medians;
  }

  private void stageByRestorer(String name) throws Exception {
    var staged =
        cache(new LiveFolder(config(), new SimpleMeterRegistry()))
            .stage(restoreOf(name, true), Credential.OWN)
            .whole()
            .get();
    assertTrue(!staged.cacheHit());
  }

  private void stageByTransferManager(String name) throws Exception {
    var config =
        TransferManagerConfig.newBuilder()
            .setStorageOptions(storage.getOptions())
            .setMaxWorkers(8)
            .setPerWorkerBufferSize(8 << 20)
            .setAllowDivideAndConquerDownload(true)
            .build();
    var blobs = new ArrayList<BlobInfo>();
    for (var file : SnapshotManifest.GVISOR_FILES) {
      blobs.add(storage.get(BUCKET, name + "/" + file));
    }
    try (var manager = config.getService()) {
      var to = Files.createDirectories(FOLDER.resolve("node/manager"));
      var job =
          manager.downloadBlobs(
              blobs,
              ParallelDownloadConfig.newBuilder()
                  .setBucketName(BUCKET)
                  .setDownloadDirectory(to)
                  .build());
      for (var result : job.getDownloadResults()) {
        assertTrue(result.getStatus() == TransferStatus.SUCCESS, () -> result.toString());
      }
    }
  }

  private void stageByOneStream(String name) throws IOException {
    for (var file : SnapshotManifest.GVISOR_FILES) {
      var uri =
          URI.create(
              ENDPOINT
                  + "/download/storage/v1/b/"
                  + BUCKET
                  + "/o/"
                  + name
                  + "%2F"
                  + file
                  + "?alt=media");
      try (var in = uri.toURL().openStream()) {
        Files.copy(in, FOLDER.resolve("node").resolve(file), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  private SnapshotCache cache(LiveFolder live) throws IOException {
    var cache =
        new SnapshotCache(
            config(),
            new SnapshotReader(Stores.at(ENDPOINT)),
            live,
            new ChunkBuffers(config()),
            new SimpleMeterRegistry());
    cache.sweep(null);
    return cache;
  }

  private static RestorerConfig config() {
    return TestConfig.in(FOLDER.resolve("node"));
  }

  private static Restore restoreOf(String name, boolean whole) {
    return Restore.newBuilder()
        .setSnapshot(SnapshotRef.newBuilder().setName(name))
        .setLocation(Location.newBuilder().setBucket(BUCKET).setPrefix(name + "/"))
        .setWholeBeforeStart(whole)
        .build();
  }

  private void upload(String name, int mib) throws IOException {
    var image = Files.createDirectories(FOLDER.resolve("image"));
    var random = new Random(mib);
    Files.write(image.resolve("checkpoint.img"), bytes(random, 300_000));
    Files.write(image.resolve("pages_meta.img"), bytes(random, 20_000));
    try (var out = Files.newOutputStream(image.resolve("pages.img"))) {
      for (var i = 0; i < mib; i++) {
        out.write(bytes(random, 1 << 20));
      }
    }
    put(name, image);
    deleteAll(image);
  }

  /** Straight into the server's folder, with what it knows of an object in an attribute. */
  private void put(String name, Path image) throws IOException {
    var m = TestSandbox.manifest(image, SnapshotManifest.CHUNK_BYTES);
    var manifest = new SnapshotManifest(m.format(), name, m.specHash(), m.node(), m.files());
    Files.write(image.resolve(SnapshotManifest.OBJECT), manifest.toJson());
    for (var file : List.of("checkpoint.img", "pages_meta.img", "pages.img", "manifest.json")) {
      var object = name + "/" + file;
      storage.create(BlobInfo.newBuilder(BUCKET, object).build(), new byte[1]);
      var stored = FOLDER.resolve("gcs").resolve(BUCKET).resolve(object);
      try (var in = FileChannel.open(image.resolve(file));
          var out =
              FileChannel.open(
                  stored, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
        for (var at = 0L; at < in.size(); at += in.transferTo(at, in.size() - at, out)) {
          Thread.onSpinWait();
        }
      }
      var attributes = Files.getFileAttributeView(stored, UserDefinedFileAttributeView.class);
      var known = ByteBuffer.allocate(attributes.size("metadata"));
      attributes.read("metadata", known);
      var metadata = (ObjectNode) new ObjectMapper().readTree(known.array());
      metadata.put("Crc32c", crc32c(stored)).put("Md5Hash", "");
      attributes.write("metadata", ByteBuffer.wrap(metadata.toString().getBytes()));
    }
  }

  private static String crc32c(Path file) throws IOException {
    var crc = new CRC32C();
    try (var in = Files.newInputStream(file)) {
      for (var bytes = in.readNBytes(1 << 20); bytes.length > 0; bytes = in.readNBytes(1 << 20)) {
        crc.update(bytes);
      }
    }
    var value = ByteBuffer.allocate(4).putInt((int) crc.getValue()).array();
    return Base64.getEncoder().encodeToString(value);
  }

  private static byte[] bytes(Random random, int count) {
    var bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  /**
   * Every run begins with memory that the machine has: on a virtual machine the first touch of a
   * page may cost more than what is measured, and who comes first after a pause would pay it.
   */
  private static void settle(int mib) throws Exception {
    System.gc(); // what is mapped of a deleted file still holds its memory
    new ProcessBuilder("sync").start().waitFor();
    var scratch = FOLDER.resolve("scratch");
    var block = ByteBuffer.allocateDirect(8 << 20);
    try (var file =
        FileChannel.open(scratch, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (var written = 0; written < mib + 512; written += 8) {
        file.write(block.clear());
      }
    }
    Files.delete(scratch);
  }

  private static double secondsSince(long begin) {
    return (System.nanoTime() - begin) / 1e9;
  }

  private static double median(List<Double> values) {
    var sorted = values.stream().sorted().toList();
    return sorted.get(sorted.size() / 2);
  }

  private static void deleteAll(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (var paths = Files.walk(folder)) {
      for (var path : paths.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(path);
      }
    }
  }
}
