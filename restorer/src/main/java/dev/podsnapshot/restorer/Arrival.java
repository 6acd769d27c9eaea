package dev.podsnapshot.restorer;

import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import dev.podsnapshot.restorer.ChunkQueue.Urgency;
import dev.podsnapshot.restorer.fuse.ReadReply;
import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.zip.CRC32C;

/**
 * A snapshot on its way into a folder: its files have their full size from the start, and a byte of
 * them can be read when its chunk was verified, never before. It ends whole, or with the reason why
 * a chunk can't be had. Safe from many threads.
 */
final class Arrival implements Closeable {
  private final ChunkMap chunks;
  private final ChunkIndex index; // null where nothing is to be recorded any more
  private final Map<StoredFile, FileChannel> channels = new HashMap<>();
  private final Map<StoredFile, MemorySegment> contents = new HashMap<>();
  private final CompletableFuture<Void> startable = new CompletableFuture<>();
  private final CompletableFuture<Void> whole = new CompletableFuture<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wanted = lock.newCondition();
  // All below are guarded by the lock.
  private final ChunkQueue queue;
  private final ReadPattern pattern = new ReadPattern();
  private final BitSet present = new BitSet();
  private final Map<Integer, List<WaitingRead>> waiting = new HashMap<>();
  private int missingToStart;
  private StagingException failure;

  private Arrival(ChunkMap chunks, ChunkIndex index, List<Integer> faults) {
    this.chunks = chunks;
    this.index = index;
    this.queue = new ChunkQueue(StagingOrder.of(chunks, faults));
    this.missingToStart = chunks.neededToStart().size();
  }

  /**
   * Begins, or goes on with what an interrupted arrival left in the folder.
   *
   * @param faults the chunks that were wanted out of turn before, see {@link StagingOrder}
   */
  static Arrival into(Path directory, SnapshotManifest manifest, List<Integer> faults)
      throws IOException {
    var chunks = new ChunkMap(manifest);
    var arrival = new Arrival(chunks, ChunkIndex.open(directory, chunks.size()), faults);
    try {
      for (var file : chunks.files()) {
        arrival.open(directory.resolve(file.name()), file);
      }
    } catch (IOException e) {
      arrival.close();
      throw e;
    }
    if (chunks.size() == 0) {
      arrival.end();
    }
    return arrival;
  }

  /** One that has ended: all of it lies in the folder, verified. */
  static Arrival whole(Path directory, SnapshotManifest manifest) throws IOException {
    var arrival = new Arrival(new ChunkMap(manifest), null, List.of());
    for (var file : arrival.chunks.files()) {
      arrival.open(directory.resolve(file.name()), file);
    }
    arrival.missingToStart = 0;
    arrival.present.set(0, arrival.chunks.size());
    arrival.end();
    return arrival;
  }

  private void open(Path path, StoredFile file) throws IOException {
    // Its channel stays open with the arrival.
    @SuppressWarnings("resource")
    var opened = new RandomAccessFile(path.toFile(), "rw");
    channels.put(file, opened.getChannel());
    opened.setLength(file.bytes());
    contents.put(
        file,
        file.bytes() == 0
            ? MemorySegment.NULL
            // Unmapped when the last read of it is answered and nobody knows it any more.
            : opened.getChannel().map(MapMode.READ_ONLY, 0, file.bytes(), Arena.ofAuto()));
  }

  ChunkMap chunks() {
    return chunks;
  }

  /** Completes when all but the pages are here. */
  CompletableFuture<Void> startable() {
    return startable;
  }

  /** Completes when all is here; exceptionally, with the {@link StagingException}, at its end. */
  CompletableFuture<Void> whole() {
    return whole;
  }

  boolean ended() {
    return whole.isDone();
  }

  /** The chunks that were read out of turn so far. */
  List<Integer> faults() {
    lock.lock();
    try {
      return pattern.faults();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next chunk to fetch; each is given out once. Waits for one as urgent as asked for, but not
   * for one {@link Urgency#AHEAD}.
   *
   * @return nothing at the arrival's end, or when all chunks were given out
   */
  Optional<Chunk> next(Urgency atLeast) throws InterruptedException {
    lock.lock();
    try {
      while (!ended()) {
        var next = queue.next(atLeast);
        if (next.isPresent()) {
          return Optional.of(chunks.get(next.getAsInt()));
        }
        if (atLeast == Urgency.AHEAD) {
          break;
        }
        wanted.await();
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Looks whether an interrupted arrival left the chunk, intact.
   *
   * @param scratch has room for a chunk
   * @return whether it is here now
   */
  boolean recover(Chunk chunk, ByteBuffer scratch) throws IOException {
    if (!index.recorded(chunk.number())) {
      return false;
    }
    var channel = channels.get(chunk.file());
    scratch.clear().limit(chunk.length());
    while (scratch.hasRemaining()
        && channel.read(scratch, chunk.offset() + scratch.position()) >= 0) {
      Thread.onSpinWait();
    }
    if (!verified(chunk, scratch.flip())) {
      return false;
    }
    arrived(chunk);
    return true;
  }

  /**
   * Takes a chunk's bytes, if they are the right ones.
   *
   * @return false if it was here already
   * @throws StagingException if they are too few or wrong
   * @throws IOException if the disk refuses them
   */
  boolean put(Chunk chunk, ByteBuffer bytes) throws StagingException, IOException {
    if (bytes.remaining() != chunk.length()) {
      throw new StagingException(
          StagingException.DAMAGED,
          "%s ends at byte %d, its manifest says %d"
              .formatted(
                  chunk.file().name(), chunk.offset() + bytes.remaining(), chunk.file().bytes()));
    }
    if (!verified(chunk, bytes)) {
      throw new StagingException(
          StagingException.DAMAGED,
          "%s has a wrong checksum in the %d bytes from %d on"
              .formatted(chunk.file().name(), chunk.length(), chunk.offset()));
    }
    if (here(chunk)) {
      return false;
    }
    var offset = chunk.offset();
    while (bytes.hasRemaining()) {
      offset += channels.get(chunk.file()).write(bytes, offset);
    }
    index.add(chunk.number());
    return arrived(chunk);
  }

  private static boolean verified(Chunk chunk, ByteBuffer bytes) {
    var crc = new CRC32C();
    crc.update(bytes.duplicate());
    return bytes.remaining() == chunk.length() && (int) crc.getValue() == chunk.crc32c();
  }

  boolean here(Chunk chunk) {
    lock.lock();
    try {
      return present.get(chunk.number());
    } finally {
      lock.unlock();
    }
  }

  private boolean arrived(Chunk chunk) {
    var complete = new ArrayList<WaitingRead>();
    boolean all;
    boolean start;
    lock.lock();
    try {
      if (failure != null || present.get(chunk.number())) {
        return false;
      }
      present.set(chunk.number());
      for (var read : waiting.getOrDefault(chunk.number(), List.of())) {
        if (--read.missing == 0) {
          complete.add(read);
        }
      }
      waiting.remove(chunk.number());
      start = !chunk.file().name().equals(ChunkMap.PAGES) && --missingToStart == 0;
      all = present.cardinality() == chunks.size();
    } finally {
      lock.unlock();
    }
    complete.forEach(WaitingRead::answer);
    if (start) {
      startable.complete(null);
    }
    if (all) {
      end();
    }
    return true;
  }

  private void end() {
    startable.complete(null);
    whole.complete(null);
    wake();
  }

  /** Ends the arrival: each read that waits fails, and each later one of what is missing. */
  void fail(StagingException reason) {
    var failed = new ArrayList<WaitingRead>();
    lock.lock();
    try {
      if (failure != null || ended()) {
        return;
      }
      failure = reason;
      waiting.values().forEach(failed::addAll);
      waiting.clear();
    } finally {
      lock.unlock();
    }
    // First who wants to know why, then who will ask why his read failed.
    startable.completeExceptionally(reason);
    whole.completeExceptionally(reason);
    wake();
    failed.forEach(read -> read.reply.failed());
  }

  private void wake() {
    lock.lock();
    try {
      wanted.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Answers with bytes of a file, as soon as all of them are verified.
   *
   * @return whether the answer has to wait
   */
  boolean read(StoredFile file, long offset, int length, ReadReply reply) {
    var read = new WaitingRead(file, offset, length, reply);
    var lost = false;
    boolean complete;
    lock.lock();
    try {
      for (var chunk : chunks.holding(file, offset, length)) {
        var urgency =
            file.name().equals(ChunkMap.PAGES) && pattern.fault(chunk, offset)
                ? Urgency.FAULT
                : Urgency.WANTED;
        if (present.get(chunk.number())) {
          continue;
        }
        if (failure != null) {
          lost = true;
          break;
        }
        read.missing++;
        waiting.computeIfAbsent(chunk.number(), key -> new ArrayList<>()).add(read);
        queue.want(chunk.number(), urgency);
        if (urgency == Urgency.FAULT) {
          wanted.signal();
        }
      }
      complete = read.missing == 0;
    } finally {
      lock.unlock();
    }
    if (lost) {
      reply.failed();
    } else if (complete) {
      read.answer();
    }
    return !lost && !complete;
  }

  /** What is mapped stays readable. */
  @Override
  public void close() throws IOException {
    if (index != null) {
      index.close();
    }
    for (var channel : channels.values()) {
      channel.close();
    }
  }

  private final class WaitingRead {
    private final StoredFile file;
    private final long offset;
    private final int length;
    private final ReadReply reply;
    private int missing;

    WaitingRead(StoredFile file, long offset, int length, ReadReply reply) {
      this.file = file;
      this.offset = offset;
      this.length = length;
      this.reply = reply;
    }

    void answer() {
      reply.data(contents.get(file).asSlice(offset, length));
    }
  }
}
