package dev.podsnapshot.restorer.fuse;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The messages of include/uapi/linux/fuse.h, protocol 7.31, as far as a read-only tree needs them.
 * Offsets are those of the structs there; byte order is the machine's.
 */
final class Message {
  static final int LOOKUP = 1;
  static final int FORGET = 2;
  static final int GETATTR = 3;
  static final int OPEN = 14;
  static final int READ = 15;
  static final int STATFS = 17;
  static final int RELEASE = 18;
  static final int FLUSH = 25;
  static final int INIT = 26;
  static final int OPENDIR = 27;
  static final int READDIR = 28;
  static final int RELEASEDIR = 29;
  static final int INTERRUPT = 36;
  static final int DESTROY = 38;
  static final int BATCH_FORGET = 42;

  /** struct fuse_in_header. */
  static final int IN_HEADER = 40;

  /** struct fuse_out_header. */
  static final int OUT_HEADER = 16;

  /** The most that one read may ask for, bytes: 256 pages. */
  static final int MAX_READ = 1 << 20;

  private static final int MAJOR = 7;
  private static final int MINOR = 31;
  private static final int FUSE_ASYNC_READ = 1;
  private static final int FUSE_MAX_PAGES = 1 << 22;
  private static final int FOPEN_DIRECT_IO = 1;
  private static final int FOLDER_MODE = 0040555;
  private static final int FILE_MODE = 0100444;

  private Message() {}

  static int opcode(MemorySegment in) {
    return in.get(JAVA_INT_UNALIGNED, 4);
  }

  static long unique(MemorySegment in) {
    return in.get(JAVA_LONG_UNALIGNED, 8);
  }

  static long node(MemorySegment in) {
    return in.get(JAVA_LONG_UNALIGNED, 16);
  }

  /** The thread that asks, as the mount's process sees it; 0 where it can't. */
  static int thread(MemorySegment in) {
    return in.get(JAVA_INT_UNALIGNED, 32);
  }

  static String name(MemorySegment in) {
    return in.getString(IN_HEADER);
  }

  static long readOffset(MemorySegment in) {
    return in.get(JAVA_LONG_UNALIGNED, IN_HEADER + 8);
  }

  static int readLength(MemorySegment in) {
    return in.get(JAVA_INT_UNALIGNED, IN_HEADER + 16);
  }

  /** The message that an INTERRUPT is about. */
  static long interrupted(MemorySegment in) {
    return in.get(JAVA_LONG_UNALIGNED, IN_HEADER);
  }

  /** The names of a tree change under it: nothing may be kept by the kernel. */
  static byte[] entry(FileTree.Node node) {
    return attributes(buffer(128).putLong(0, node.number()).position(40), node);
  }

  static byte[] attributes(FileTree.Node node) {
    return attributes(buffer(104).position(16), node);
  }

  private static byte[] attributes(ByteBuffer out, FileTree.Node node) {
    return out.putLong(node.number())
        .putLong(node.bytes())
        .putLong((node.bytes() + 511) / 512)
        .position(out.position() + 36)
        .putInt(node.folder() ? FOLDER_MODE : FILE_MODE)
        .putInt(1)
        .array();
  }

  /**
   * Past the page cache: one copy fewer, each read comes as it was made, and one that waits holds
   * no page that another one wants.
   */
  static byte[] opened() {
    return buffer(16).putInt(8, FOPEN_DIRECT_IO).array();
  }

  static byte[] openedFolder() {
    return buffer(16).array();
  }

  static byte[] statfs() {
    return buffer(80).putInt(40, 4096).putInt(44, 255).putInt(48, 4096).array();
  }

  static byte[] init() {
    return buffer(64)
        .putInt(0, MAJOR)
        .putInt(4, MINOR)
        .putInt(8, MAX_READ)
        .putInt(12, FUSE_ASYNC_READ | FUSE_MAX_PAGES)
        .putShort(16, (short) 64)
        .putShort(18, (short) 48)
        .putInt(20, 4096)
        .putInt(24, 1)
        .putShort(28, (short) (MAX_READ / 4096))
        .array();
  }

  static void outHeader(MemorySegment out, long bytes, int errno, long unique) {
    out.set(JAVA_INT_UNALIGNED, 0, (int) (OUT_HEADER + bytes));
    out.set(JAVA_INT_UNALIGNED, 4, -errno);
    out.set(JAVA_LONG_UNALIGNED, 8, unique);
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
  }
}
