package dev.podsnapshot.restorer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The chunks that restored processes wanted out of turn, for each snapshot that was restored on
 * this node while it arrived: what to fetch early when it is fetched again. Outlives the snapshot's
 * place in the cache; the oldest are forgotten.
 */
final class FaultHistory {
  private static final int SNAPSHOTS = 1000;

  private final Path folder;

  FaultHistory(Path folder) {
    this.folder = folder;
  }

  /** Nothing, if nothing readable is known. */
  List<Integer> of(String snapshot) {
    try {
      var numbers = ByteBuffer.wrap(Files.readAllBytes(folder.resolve(snapshot))).asIntBuffer();
      var chunks = new ArrayList<Integer>();
      while (numbers.hasRemaining()) {
        chunks.add(numbers.get());
      }
      return chunks;
    } catch (IOException e) {
      return List.of();
    }
  }

  void remember(String snapshot, List<Integer> chunks) throws IOException {
    if (chunks.isEmpty()) {
      return;
    }
    Files.createDirectories(folder);
    var bytes = ByteBuffer.allocate(chunks.size() * Integer.BYTES);
    chunks.forEach(bytes::putInt);
    var next = folder.resolve("." + snapshot);
    Files.write(next, bytes.array());
    Files.move(next, folder.resolve(snapshot), StandardCopyOption.ATOMIC_MOVE);
    forgetOldest();
  }

  private void forgetOldest() throws IOException {
    List<Path> known;
    try (var files = Files.list(folder)) {
      known = files.toList();
    }
    if (known.size() <= SNAPSHOTS) {
      return;
    }
    var byAge =
        known.stream().sorted(Comparator.comparingLong(f -> f.toFile().lastModified())).toList();
    for (var file : byAge.subList(0, known.size() - SNAPSHOTS)) {
      try {
        Files.deleteIfExists(file);
      } catch (NoSuchFileException e) {
        // another one was quicker
      }
    }
  }
}
