package dev.podsnapshot.snapshotter;

import com.sun.nio.file.ExtendedOpenOption;
import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.manifest.SnapshotFolder;
import dev.podsnapshot.manifest.SnapshotManifest;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * The folders in which checkpoints wait for their upload, one a snapshot, named by it. The order
 * lies beside the files and a mark tells that the checkpoint is complete, so that a restarted
 * snapshotter goes on where it was.
 */
@ApplicationScoped
class Spool {
  private static final Logger LOG = Logger.getLogger(Spool.class);
  private static final String ORDER = "order.pb";
  private static final String COMPLETE = "complete";

  private final SnapshotterConfig config;

  Spool(SnapshotterConfig config, MeterRegistry metrics) {
    this.config = config;
    metrics.gauge("podsnapshot_spool_snapshots", this, Spool::waiting);
    metrics.gauge("podsnapshot_spool_free_bytes", this, Spool::free);
  }

  /** The folder of an order, made if it is not there. */
  Path open(CheckpointOrder order) throws IOException {
    var directory = directory(order.getSnapshot().getName());
    Files.createDirectories(directory);
    Files.write(directory.resolve(ORDER), order.toByteArray());
    return directory;
  }

  void markComplete(Path directory) throws IOException {
    Files.write(directory.resolve(COMPLETE), new byte[0]);
  }

  boolean isComplete(CheckpointOrder order) {
    return Files.exists(directory(order.getSnapshot().getName()).resolve(COMPLETE));
  }

  void remove(String snapshot) {
    try {
      delete(directory(snapshot));
    } catch (IOException e) {
      LOG.errorf("snapshot=%s phase=spool is left behind: %s", snapshot, e.toString());
    }
  }

  /** Checkpoints that are complete but perhaps not uploaded. */
  List<CheckpointOrder> unfinished() throws IOException {
    Files.createDirectories(config.spool());
    var result = new ArrayList<CheckpointOrder>();
    try (var entries = Files.newDirectoryStream(config.spool())) {
      for (var entry : entries) {
        if (Files.exists(entry.resolve(COMPLETE))) {
          result.add(CheckpointOrder.parseFrom(Files.readAllBytes(entry.resolve(ORDER))));
        }
      }
    }
    return result;
  }

  /** Whether anything of a checkpoint lies there. */
  boolean hasFiles(Path directory) {
    return Stream.concat(
            SnapshotManifest.GVISOR_FILES.stream(), SnapshotManifest.ROOTFS_FILES.stream())
        .anyMatch(name -> Files.exists(directory.resolve(name)));
  }

  long bytes(Path directory) throws IOException {
    var sum = 0L;
    for (var file : SnapshotManifest.filesIn(directory)) {
      sum += Files.size(directory.resolve(file));
    }
    return sum;
  }

  /** How many complete checkpoints wait for their upload's end; NaN if nobody knows. */
  private double waiting() {
    try (var folders = Files.list(config.spool())) {
      return folders.filter(f -> Files.exists(f.resolve(COMPLETE))).count();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  private double free() {
    try {
      return freeBytes();
    } catch (IOException e) {
      return Double.NaN;
    }
  }

  long freeBytes() throws IOException {
    return Files.getFileStore(config.spool()).getUsableSpace();
  }

  /** Whether the spool's file system takes O_DIRECT. */
  boolean direct(Path directory) {
    var probe = directory.resolve("direct");
    try (var channel =
        FileChannel.open(
            probe,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            ExtendedOpenOption.DIRECT)) {
      return channel.isOpen();
    } catch (IOException | UnsupportedOperationException e) {
      LOG.warnf("phase=checkpoint the spool takes no O_DIRECT, freezes are longer: %s", e);
      return false;
    } finally {
      try {
        Files.deleteIfExists(probe);
      } catch (IOException e) {
        LOG.warnf("phase=spool %s", e);
      }
    }
  }

  private Path directory(String snapshot) {
    return SnapshotFolder.in(config.spool(), snapshot);
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
}
