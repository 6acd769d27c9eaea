package dev.podsnapshot.uploader;

import com.google.cloud.NoCredentials;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.StorageOptions;
import com.google.cloud.storage.transfermanager.ParallelUploadConfig;
import com.google.cloud.storage.transfermanager.TransferManager;
import com.google.cloud.storage.transfermanager.TransferManagerConfig;
import com.google.cloud.storage.transfermanager.TransferStatus;
import dev.podsnapshot.storage.Stores;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code bench/upload} measures inside a JVM: each line on standard input is the name of a
 * file of the spool and of the object that it shall become; each is answered by its milliseconds.
 *
 * <p>Arguments: ours or library, endpoint, home, bucket, connections.
 */
final class BenchPeer {
  private static final int PART_MIB = 32;

  private BenchPeer() {}

  private interface Way {
    void upload(String snapshot, String object) throws Exception;
  }

  public static void main(String[] args) {
    try {
      serve(args);
      System.exit(0);
    } catch (Exception e) {
      // The library's threads would keep the process alive.
      e.printStackTrace();
      System.exit(1);
    }
  }

  private static void serve(String[] args) throws Exception {
    var home = Path.of(args[2]);
    var connections = Integer.parseInt(args[4]);
    var way =
        args[0].equals("ours")
            ? ours(args[1], home, args[3], connections)
            : library(args[1], home, args[3], connections);
    var lines = new BufferedReader(new InputStreamReader(System.in));
    for (var line = lines.readLine(); line != null; line = lines.readLine()) {
      var words = line.split(" ");
      var begin = System.nanoTime();
      way.upload(words[0], words[1]);
      System.out.printf("millis=%.1f%n", (System.nanoTime() - begin) / 1e6);
    }
  }

  /** A snapshot whole: with the look at the bucket, small files, manifest, journal, deletions. */
  private static Way ours(String endpoint, Path home, String bucket, int connections) {
    var config = new TestConfig(home, PART_MIB << 20, connections, 0);
    var uploads = new Uploads(config, Stores.at(endpoint), new SimpleMeterRegistry());
    return (snapshot, object) -> {
      for (var small : List.of("checkpoint.img", "pages_meta.img")) {
        var file = config.spool().resolve(snapshot).resolve(small);
        if (!Files.exists(file)) {
          Files.write(file, new byte[100_000]);
        }
      }
      uploads.store(UploadProcess.spooled(config, bucket, snapshot, object + "/"), "");
    };
  }

  /** The client library's parallel composite upload, as its documentation shows it: one file. */
  private static Way library(String endpoint, Path home, String bucket, int connections) {
    var manager =
        TransferManagerConfig.newBuilder()
            .setStorageOptions(
                StorageOptions.http()
                    .setHost(endpoint)
                    .setProjectId("bench")
                    .setCredentials(NoCredentials.getInstance())
                    .build())
            .setAllowParallelCompositeUpload(true)
            .setMaxWorkers(connections)
            .setPerWorkerBufferSize(PART_MIB << 20)
            .build()
            .getService();
    return (snapshot, object) -> upload(manager, home, bucket, snapshot, object);
  }

  private static void upload(
      TransferManager manager, Path home, String bucket, String snapshot, String object)
      throws Exception {
    var config =
        ParallelUploadConfig.newBuilder()
            .setBucketName(bucket)
            .setUploadBlobInfoFactory((b, file) -> BlobInfo.newBuilder(b, object).build())
            .setWriteOptsPerRequest(List.of(Storage.BlobWriteOption.doesNotExist()))
            .build();
    var file = home.resolve("spool").resolve(snapshot).resolve("pages.img");
    for (var result : manager.uploadFiles(List.of(file), config).getUploadResults()) {
      if (result.getStatus() != TransferStatus.SUCCESS) {
        throw new IllegalStateException(result.getException());
      }
    }
  }
}
