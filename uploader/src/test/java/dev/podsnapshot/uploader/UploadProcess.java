package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.Stores;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.Set;

/**
 * The uploader in a process of its own, without its service: sweeps, then stores the snapshot once
 * or a few times, and tells how long that took. For tests that kill it, and for benchmarks.
 *
 * <p>Arguments: endpoint, home (with spool and journal), bucket, snapshot, connections, rounds.
 */
final class UploadProcess {
  private UploadProcess() {}

  public static void main(String[] args) throws Exception {
    var connections = Integer.parseInt(args[4]);
    var config = new TestConfig(Path.of(args[1]), 32 << 20, connections, 0);
    var registry = new SimpleMeterRegistry();
    var uploads = new Uploads(config, Stores.at(args[0]), registry);
    uploads.sweep();
    for (var round = 0; round < Integer.parseInt(args[5]); round++) {
      var prefix = round == 0 ? args[3] + "/" : args[3] + "-" + round + "/";
      var stored = uploads.store(spooled(config, args[2], args[3], prefix), "");
      System.out.printf(
          "stored bytes=%d millis=%d resumed=%.0f sent=%.0f retries=%.0f%n",
          stored.bytes(),
          stored.took().toMillis(),
          registry.counter("podsnapshot_upload_resumed_bytes_total").count(),
          registry.counter("podsnapshot_upload_bytes_total").count(),
          registry.counter("podsnapshot_upload_retries_total").count());
    }
  }

  static Spooled spooled(UploaderConfig config, String bucket, String snapshot, String prefix) {
    return new Spooled(
        snapshot,
        config.spool().resolve(snapshot),
        bucket,
        prefix,
        "spec",
        new SnapshotManifest.Node("runsc", "systrap", "amd64", Set.of("avx")));
  }
}
