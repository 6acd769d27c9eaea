package dev.podsnapshot.restorer.fuse;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** The system calls of a FUSE server on Linux, x86-64 and arm64. */
@SuppressWarnings("restricted") // native calls are what this class is for
final class Libc {
  static final int ENOENT = 2;
  static final int EINTR = 4;
  static final int EIO = 5;
  static final int EAGAIN = 11;
  static final int ENODEV = 19;
  static final int EROFS = 30;
  static final int ENOSYS = 38;

  static final int O_RDWR = 2;
  static final int O_CLOEXEC = 0x80000;
  static final long MS_RDONLY = 1;
  static final long MS_NOSUID = 2;
  static final long MS_NODEV = 4;
  static final long MS_NOEXEC = 8;

  /** Detach now, clean up when it is not in use any more. */
  static final int MNT_DETACH = 2;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");

  private static final MethodHandle OPEN =
      handle(
          "open",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT),
          Linker.Option.firstVariadicArg(2));
  private static final MethodHandle CLOSE =
      handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
  private static final MethodHandle MOUNT =
      handle(
          "mount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
  private static final MethodHandle UMOUNT2 =
      handle("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle READ =
      handle("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
  private static final MethodHandle WRITEV =
      handle("writev", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

  private Libc() {}

  static int open(String path, int flags) throws SystemCallException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      return (int)
          check(
              "open " + path,
              state,
              (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags));
    } catch (Throwable e) {
      throw propagate(e);
    }
  }

  static void close(int fd) throws SystemCallException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      check("close", state, (int) CLOSE.invokeExact(state, fd));
    } catch (Throwable e) {
      throw propagate(e);
    }
  }

  static void mount(String source, String target, String type, long flags, String options)
      throws SystemCallException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      check(
          "mount " + target,
          state,
          (int)
              MOUNT.invokeExact(
                  state,
                  arena.allocateFrom(source),
                  arena.allocateFrom(target),
                  arena.allocateFrom(type),
                  flags,
                  arena.allocateFrom(options)));
    } catch (Throwable e) {
      throw propagate(e);
    }
  }

  static void unmount(String target, int flags) throws SystemCallException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      check(
          "umount " + target,
          state,
          (int) UMOUNT2.invokeExact(state, arena.allocateFrom(target), flags));
    } catch (Throwable e) {
      throw propagate(e);
    }
  }

  /** Blocks until there is a message. */
  static long read(int fd, MemorySegment into) throws SystemCallException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      return check("read", state, (long) READ.invokeExact(state, fd, into, into.byteSize()));
    } catch (Throwable e) {
      throw propagate(e);
    }
  }

  /** Writes both segments by one call. */
  static void write(int fd, MemorySegment first, MemorySegment second) throws SystemCallException {
    try (var arena = Arena.ofConfined()) {
      var state = arena.allocate(STATE);
      var vector = arena.allocate(ADDRESS, 4);
      vector.setAtIndex(ADDRESS, 0, first);
      vector.setAtIndex(JAVA_LONG, 1, first.byteSize());
      vector.setAtIndex(ADDRESS, 2, second);
      vector.setAtIndex(JAVA_LONG, 3, second.byteSize());
      check(
          "write",
          state,
          (long) WRITEV.invokeExact(state, fd, vector, second.byteSize() == 0 ? 1 : 2));
    } catch (Throwable e) {
      throw propagate(e);
    }
  }

  private static MethodHandle handle(
      String name, FunctionDescriptor signature, Linker.Option... options) {
    var all = new Linker.Option[options.length + 1];
    System.arraycopy(options, 0, all, 0, options.length);
    all[options.length] = CAPTURE;
    return LINKER.downcallHandle(LINKER.defaultLookup().find(name).orElseThrow(), signature, all);
  }

  private static long check(String call, MemorySegment state, long result)
      throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(call, (int) ERRNO.get(state, 0L));
    }
    return result;
  }

  private static SystemCallException propagate(Throwable e) throws SystemCallException {
    switch (e) {
      case SystemCallException failed -> throw failed;
      case RuntimeException unexpected -> throw unexpected;
      case Error error -> throw error;
      default -> throw new IllegalStateException(e);
    }
  }
}
