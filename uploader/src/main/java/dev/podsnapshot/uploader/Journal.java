package dev.podsnapshot.uploader;

import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * What of an upload outlives the process: where its objects lie, so that they can be swept, and the
 * checksums of what was stored, so that it is recognised without reading the spool again. What is
 * stored is always asked of the store; a journal that lost its last lines costs reads, no more.
 *
 * <p>A line a record, words separated by spaces, names escaped. A last line without its end was
 * being written when the process died and counts as not written.
 */
final class Journal implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(Journal.class);
  private static final String SUFFIX = ".journal";

  /**
   * What one upload is about.
   *
   * @param inPodsName the bucket was used in the name of a Pod, not in the uploader's own
   */
  record Begin(String snapshot, Path directory, String bucket, String prefix, boolean inPodsName) {}

  /** A file as it was when its checksums were written down. */
  record FileRecord(long bytes, long changed, Map<Integer, Integer> chunks) {}

  /**
   * @param sweep nobody goes on with this upload: what is left of it is to be removed
   */
  record Contents(Optional<Begin> begin, Map<String, FileRecord> files, boolean sweep) {

    /** Tells a file what is known of it, if it is still the same. */
    void teach(SpoolFile file) {
      var known = files.get(file.name());
      if (known != null && known.bytes() == file.bytes() && known.changed() == file.changed()) {
        known.chunks().forEach(file::learn);
      }
    }
  }

  private final Path path;
  private final FileChannel channel;
  private boolean broken;

  private Journal(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  static Path path(Path folder, String snapshot) {
    return folder.resolve(escape(snapshot) + SUFFIX);
  }

  static List<Path> all(Path folder) throws IOException {
    var result = new ArrayList<Path>();
    if (Files.isDirectory(folder)) {
      try (var paths = Files.newDirectoryStream(folder, "*" + SUFFIX)) {
        paths.forEach(result::add);
      }
    }
    return result;
  }

  /**
   * Goes on with an upload's journal, or begins one.
   *
   * @throws IOException if it can't be written: nothing must be sent then
   */
  static Journal open(Path folder, Begin begin, List<SpoolFile> files) throws IOException {
    Files.createDirectories(folder);
    var path = path(folder, begin.snapshot());
    var journal =
        new Journal(
            path,
            FileChannel.open(
                path,
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.APPEND));
    try {
      journal.channel.truncate(wholeLines(path));
      var head = new StringBuilder();
      head.append(
          "begin %s %s %s %s %s\n"
              .formatted(
                  escape(begin.snapshot()),
                  escape(begin.directory().toString()),
                  escape(begin.bucket()),
                  escape(begin.prefix()),
                  begin.inPodsName() ? "pod" : "own"));
      for (var file : files) {
        head.append("file %s %d %d\n".formatted(escape(file.name()), file.bytes(), file.changed()));
      }
      journal.write(head.toString());
      return journal;
    } catch (IOException e) {
      journal.close();
      throw e;
    }
  }

  /** How many bytes come before a line that was cut off. */
  private static long wholeLines(Path path) throws IOException {
    var text = Files.readString(path, StandardCharsets.ISO_8859_1);
    return text.lastIndexOf('\n') + 1;
  }

  static Contents read(Path path) throws IOException {
    return Files.exists(path)
        ? replay(Files.readString(path, StandardCharsets.UTF_8))
        : new Contents(Optional.empty(), Map.of(), false);
  }

  /** What the records add up to; a line that makes no sense is left out. */
  static Contents replay(String text) {
    Begin begin = null;
    var files = new HashMap<String, FileRecord>();
    var sweep = false;
    var end = text.lastIndexOf('\n');
    for (var line : text.substring(0, Math.max(end, 0)).split("\n")) {
      var words = line.split(" ");
      try {
        switch (words[0]) {
          case "begin" -> {
            begin =
                new Begin(
                    unescape(words[1]),
                    Path.of(unescape(words[2])),
                    unescape(words[3]),
                    words.length > 4 ? unescape(words[4]) : "",
                    words.length > 5 && words[5].equals("pod"));
            sweep = false;
          }
          case "file" -> {
            var record =
                new FileRecord(Long.parseLong(words[2]), Long.parseLong(words[3]), new HashMap<>());
            var known = files.get(unescape(words[1]));
            if (known == null
                || known.bytes() != record.bytes()
                || known.changed() != record.changed()) {
              files.put(unescape(words[1]), record);
            }
          }
          case "chunks" -> {
            var chunks = files.get(unescape(words[1])).chunks();
            for (var i = 3; i < words.length; i++) {
              chunks.put(
                  Integer.parseInt(words[2]) + i - 3, Integer.parseUnsignedInt(words[i], 16));
            }
          }
          case "sweep" -> sweep = true;
          default -> {}
        }
      } catch (RuntimeException e) {
        LOG.warnf("phase=journal a line makes no sense: %s", line);
      }
    }
    return new Contents(Optional.ofNullable(begin), files, sweep);
  }

  /** Chunks of a file that are stored now. */
  void stored(String file, List<SpoolFile.Chunk> chunks) {
    var line = new StringBuilder("chunks ").append(escape(file));
    line.append(' ').append(chunks.isEmpty() ? 0 : chunks.getFirst().index());
    for (var chunk : chunks) {
      line.append(' ').append(Integer.toHexString(chunk.crc32c()));
    }
    note(line.append('\n').toString());
  }

  void sweepLater() {
    note("sweep\n");
  }

  /** Nothing is left to remember. */
  void delete() throws IOException {
    close();
    Files.deleteIfExists(path);
  }

  /** A journal on a full disk is no reason to fail: the store knows what it has. */
  private synchronized void note(String line) {
    if (broken) {
      return;
    }
    try {
      write(line);
    } catch (IOException e) {
      broken = true;
      LOG.warnf("phase=journal %s can't be written: %s", path.getFileName(), e.getMessage());
    }
  }

  private void write(String text) throws IOException {
    var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static String escape(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String unescape(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
