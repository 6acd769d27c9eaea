package dev.podsnapshot.restorer.fuse;

import java.util.Optional;

/**
 * What a mount shows: folders and files, known by numbers that are never used again. Called from
 * many threads.
 */
public interface FileTree {
  long ROOT = 1;

  /**
   * @param folder whether it is one; else it is a file
   */
  record Node(long number, boolean folder, long bytes) {}

  Optional<Node> node(long number);

  Optional<Node> child(long folder, String name);

  /**
   * Opens a file; {@link #closed} follows, whatever becomes of who opened it.
   *
   * @return false if there is no such file any more
   */
  boolean open(long file);

  void closed(long file);

  /**
   * Answers now or later, from any thread.
   *
   * @param length of what shall be read, bytes; ends within the file
   */
  void read(long file, long offset, int length, ReadReply reply);
}
