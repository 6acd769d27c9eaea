package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import dev.podsnapshot.restorer.fuse.FileTree;
import dev.podsnapshot.restorer.fuse.FuseMount;
import dev.podsnapshot.restorer.fuse.ReadReply;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Snapshots that can be restored while they arrive: a folder each, whose files are read as far as
 * they are verified and hold the reader up where they are not.
 *
 * <p>The mount is seen by this process and its kind alone. runsc, which opens the files, finds it
 * through {@code /proc/PID/root}; so nothing has to be shared with the node's mounts, and nothing
 * stays behind there when this process is killed. The sandbox reads through the open file.
 */
@ApplicationScoped
class LiveFolder implements FileTree {
  private static final Logger LOG = Logger.getLogger(LiveFolder.class);

  /** Below kubelet's 30 s between the signal and the kill. */
  private static final Duration SHUTDOWN_PATIENCE = Duration.ofSeconds(20);

  private final Path path;
  private final Timer answered;
  private final Timer failed;
  private final Counter waited;
  private FuseMount mount;

  // All below are guarded by this object's monitor.
  private final Map<String, Folder> folders = new HashMap<>();
  private final Map<Long, Folder> foldersByNumber = new HashMap<>();
  private final Map<Long, File> files = new HashMap<>();
  private long lastNumber = ROOT;

  private record Folder(Node node, Map<String, File> files) {}

  private static final class File {
    final Node node;
    final StoredFile file;
    final Arrival arrival;
    int opened;
    boolean named = true;

    File(Node node, StoredFile file, Arrival arrival) {
      this.node = node;
      this.file = file;
      this.arrival = arrival;
    }
  }

  LiveFolder(RestorerConfig config, MeterRegistry metrics) {
    this.path = config.live();
    this.answered = metrics.timer("podsnapshot_live_read", "result", "ok");
    this.failed = metrics.timer("podsnapshot_live_read", "result", "failed");
    this.waited = metrics.counter("podsnapshot_live_reads_waited_total");
    metrics.gauge("podsnapshot_live_files_open", this, LiveFolder::openFiles);
  }

  void start(@Observes @Priority(1) StartupEvent event) {
    try {
      mount = FuseMount.mount(path, this);
      LOG.infof("phase=live %s is mounted", path);
    } catch (IOException | RuntimeException | Error e) {
      // An Error: a native image whose generator knows no foreign functions.
      LOG.warnf("phase=live snapshots are restored when they are whole, not before: %s", e);
    }
  }

  /** Waits for the sandboxes that still read: they would end without us. */
  void stop(@Observes @Priority(10_000) ShutdownEvent event)
      throws IOException, InterruptedException {
    if (mount == null) {
      return;
    }
    var deadline = System.nanoTime() + SHUTDOWN_PATIENCE.toNanos();
    while (openFiles() > 0 && System.nanoTime() < deadline) {
      Thread.sleep(50);
    }
    mount.close();
  }

  boolean available() {
    return mount != null;
  }

  /**
   * Shows an arrival under a name; one of that name before is not seen any more, but stays readable
   * for whoever has it open.
   *
   * @return the folder, as runsc sees it
   */
  synchronized Path show(String name, Arrival arrival) {
    hide(name);
    var children = new HashMap<String, File>();
    for (var stored : arrival.chunks().files()) {
      var file = new File(new Node(++lastNumber, false, stored.bytes()), stored, arrival);
      children.put(stored.name(), file);
      files.put(file.node.number(), file);
    }
    var folder = new Folder(new Node(++lastNumber, true, 0), children);
    folders.put(name, folder);
    foldersByNumber.put(folder.node.number(), folder);
    return Path.of("/proc", Long.toString(ProcessHandle.current().pid()), "root")
        .resolve(Path.of("/").relativize(path.toAbsolutePath()))
        .resolve(name);
  }

  synchronized void hide(String name) {
    var folder = folders.remove(name);
    if (folder == null) {
      return;
    }
    foldersByNumber.remove(folder.node.number());
    for (var file : folder.files.values()) {
      file.named = false;
      forgetIfUnused(file);
    }
  }

  private void forgetIfUnused(File file) {
    if (!file.named && file.opened == 0) {
      files.remove(file.node.number());
    }
  }

  private synchronized int openFiles() {
    return files.values().stream().mapToInt(f -> f.opened).sum();
  }

  @Override
  public synchronized Optional<Node> node(long number) {
    if (number == ROOT) {
      return Optional.of(new Node(ROOT, true, 0));
    }
    var folder = foldersByNumber.get(number);
    return folder != null
        ? Optional.of(folder.node)
        : Optional.ofNullable(files.get(number)).map(f -> f.node);
  }

  @Override
  public synchronized Optional<Node> child(long parent, String name) {
    if (parent == ROOT) {
      return Optional.ofNullable(folders.get(name)).map(Folder::node);
    }
    return Optional.ofNullable(foldersByNumber.get(parent))
        .map(f -> f.files.get(name))
        .map(f -> f.node);
  }

  @Override
  public synchronized boolean open(long number) {
    var file = files.get(number);
    if (file == null) {
      return false;
    }
    file.opened++;
    return true;
  }

  @Override
  public synchronized void closed(long number) {
    var file = files.get(number);
    if (file != null) {
      file.opened--;
      forgetIfUnused(file);
    }
  }

  @Override
  public void read(long number, long offset, int length, ReadReply reply) {
    File file;
    synchronized (this) {
      file = files.get(number);
    }
    if (file == null) {
      reply.failed();
      return;
    }
    if (file.arrival.read(file.file, offset, length, timed(reply))) {
      waited.increment();
    }
  }

  private ReadReply timed(ReadReply reply) {
    var begin = System.nanoTime();
    return new ReadReply() {
      @Override
      public void data(MemorySegment bytes) {
        reply.data(bytes);
        answered.record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
      }

      @Override
      public void failed() {
        reply.failed();
        failed.record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
      }
    };
  }
}
