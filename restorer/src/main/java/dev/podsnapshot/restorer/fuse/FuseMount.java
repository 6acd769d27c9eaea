package dev.podsnapshot.restorer.fuse;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * A mounted {@link FileTree}. Needs CAP_SYS_ADMIN and {@code /dev/fuse}. When this process ends,
 * every read that waits, and each later one, fails with ENOTCONN.
 */
public final class FuseMount implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(FuseMount.class);

  /** Each takes a message and answers it or notes it: more would only wait for the processor. */
  private static final int THREADS = 2;

  private static final int MESSAGE_BYTES = 64 << 10;
  private static final MemorySegment NOTHING = MemorySegment.NULL;
  private static final long SIGKILL = 1L << 8;

  private final Path target;
  private final FileTree tree;
  private final int device;
  private final List<Thread> threads = new ArrayList<>();

  /** The reads that wait, by their message's number. */
  private final Map<Long, PendingRead> waiting = new ConcurrentHashMap<>();

  private FuseMount(Path target, FileTree tree, int device) {
    this.target = target;
    this.tree = tree;
    this.device = device;
  }

  /**
   * @param target an empty folder; what an earlier process left mounted there is taken off
   */
  public static FuseMount mount(Path target, FileTree tree) throws IOException {
    detach(target);
    Files.createDirectories(target);
    var device = Libc.open("/dev/fuse", Libc.O_RDWR | Libc.O_CLOEXEC);
    try {
      Libc.mount(
          "podsnapshot",
          target.toString(),
          "fuse.podsnapshot",
          Libc.MS_RDONLY | Libc.MS_NOSUID | Libc.MS_NODEV | Libc.MS_NOEXEC,
          "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,max_read=%d"
              .formatted(device, Message.MAX_READ));
    } catch (IOException e) {
      Libc.close(device);
      throw e;
    }
    var mount = new FuseMount(target, tree, device);
    for (var i = 0; i < THREADS; i++) {
      mount.threads.add(Thread.ofPlatform().daemon().name("fuse-" + i).start(mount::serve));
    }
    return mount;
  }

  /** Takes off whatever is mounted there, dead or alive; not an error if nothing is. */
  private static void detach(Path target) {
    try {
      while (true) {
        Libc.unmount(target.toString(), Libc.MNT_DETACH);
      }
    } catch (SystemCallException e) {
      // EINVAL or ENOENT: nothing is mounted there any more
    }
  }

  /** Unmounts; files that are open stay readable as long as this process lives. */
  @Override
  public void close() throws IOException {
    try {
      Libc.unmount(target.toString(), 0);
    } catch (SystemCallException busy) {
      Libc.unmount(target.toString(), Libc.MNT_DETACH);
      return;
    }
    for (var thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
    Libc.close(device);
  }

  private void serve() {
    try (var arena = Arena.ofConfined()) {
      var message = arena.allocate(MESSAGE_BYTES, 8);
      while (true) {
        try {
          Libc.read(device, message);
        } catch (SystemCallException e) {
          if (e.errno() == Libc.ENODEV) {
            return; // unmounted, and no file of it is open
          }
          // ENOENT: the message was taken back before it was read
          if (e.errno() != Libc.ENOENT && e.errno() != Libc.EINTR && e.errno() != Libc.EAGAIN) {
            LOG.errorf("phase=live %s: %s is not served any more", e.getMessage(), target);
            return;
          }
          continue;
        }
        try {
          dispatch(message);
        } catch (RuntimeException e) {
          LOG.errorf(e, "phase=live opcode=%d", Message.opcode(message));
          error(Message.unique(message), Libc.EIO);
        }
      }
    }
  }

  private void dispatch(MemorySegment in) {
    var unique = Message.unique(in);
    var node = Message.node(in);
    switch (Message.opcode(in)) {
      case Message.INIT -> answer(unique, Message.init());
      case Message.LOOKUP ->
          tree.child(node, Message.name(in))
              .ifPresentOrElse(
                  n -> answer(unique, Message.entry(n)), () -> error(unique, Libc.ENOENT));
      case Message.GETATTR ->
          tree.node(node)
              .ifPresentOrElse(
                  n -> answer(unique, Message.attributes(n)), () -> error(unique, Libc.ENOENT));
      case Message.OPEN -> {
        if (tree.open(node)) {
          answer(unique, Message.opened());
        } else {
          error(unique, Libc.ENOENT);
        }
      }
      case Message.READ -> read(in);
      case Message.RELEASE -> {
        tree.closed(node);
        answer(unique, new byte[0]);
      }
      case Message.OPENDIR -> answer(unique, Message.openedFolder());
      case Message.STATFS -> answer(unique, Message.statfs());
      case Message.READDIR, Message.RELEASEDIR, Message.FLUSH, Message.DESTROY ->
          answer(unique, new byte[0]);
      case Message.INTERRUPT -> interrupt(Message.interrupted(in));
      case Message.FORGET, Message.BATCH_FORGET -> {}
      default -> error(unique, Libc.ENOSYS);
    }
  }

  private void read(MemorySegment in) {
    var unique = Message.unique(in);
    var file = tree.node(Message.node(in));
    if (file.isEmpty()) {
      error(unique, Libc.EIO);
      return;
    }
    var offset = Message.readOffset(in);
    var length = (int) Math.min(Message.readLength(in), file.get().bytes() - offset);
    if (length <= 0) {
      answer(unique, new byte[0]);
      return;
    }
    var pending = new PendingRead(unique, Message.thread(in));
    waiting.put(unique, pending);
    tree.read(file.get().number(), offset, length, pending);
  }

  /**
   * A signal came while a thread waited. gVisor takes an interrupted read for a failed one
   * (pkg/aio/aio.go), so that signals must not be seen; but a thread that was killed can't end
   * before its read was answered.
   */
  private void interrupt(long unique) {
    var pending = waiting.get(unique);
    if (pending != null && killed(pending.thread)) {
      pending.answer(NOTHING, Libc.EINTR);
    }
  }

  private static boolean killed(int thread) {
    try (var lines = Files.lines(Path.of("/proc/" + thread + "/status"))) {
      return lines
          .filter(l -> l.startsWith("SigPnd:") || l.startsWith("ShdPnd:"))
          .anyMatch(l -> (Long.parseUnsignedLong(l.substring(7).strip(), 16) & SIGKILL) != 0);
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }

  private final class PendingRead implements ReadReply {
    private final long unique;
    private final int thread;
    private final AtomicBoolean answered = new AtomicBoolean();

    PendingRead(long unique, int thread) {
      this.unique = unique;
      this.thread = thread;
    }

    @Override
    public void data(MemorySegment bytes) {
      answer(bytes, 0);
    }

    @Override
    public void failed() {
      answer(NOTHING, Libc.EIO);
    }

    private void answer(MemorySegment bytes, int errno) {
      if (answered.compareAndSet(false, true)) {
        waiting.remove(unique);
        send(unique, errno, bytes);
      }
    }
  }

  private void answer(long unique, byte[] body) {
    try (var arena = Arena.ofConfined()) {
      send(
          unique,
          0,
          arena
              .allocate(Math.max(1, body.length))
              .asSlice(0, body.length)
              .copyFrom(MemorySegment.ofArray(body)));
    }
  }

  private void error(long unique, int errno) {
    send(unique, errno, NOTHING);
  }

  private void send(long unique, int errno, MemorySegment body) {
    try (var arena = Arena.ofConfined()) {
      var header = arena.allocate(Message.OUT_HEADER, 8);
      Message.outHeader(header, body.byteSize(), errno, unique);
      Libc.write(device, header, body);
    } catch (SystemCallException e) {
      // ENOENT: whoever asked is gone
      if (e.errno() != Libc.ENOENT) {
        LOG.warnf("phase=live answer lost: %s", e.getMessage());
        if (errno == 0 && body.byteSize() > 0) {
          error(unique, Libc.EIO); // bytes that the disk could not give: a failure that is seen
        }
      }
    }
  }
}
