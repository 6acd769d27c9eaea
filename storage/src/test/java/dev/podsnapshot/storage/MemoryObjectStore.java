package dev.podsnapshot.storage;

import dev.podsnapshot.manifest.Crc32c;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A store for tests: all in memory, no more and no less than the interface promises. */
public class MemoryObjectStore implements ObjectStore {
  /** Composing joins lists, so that large objects cost little. */
  private record Stored(StoredObject object, List<byte[]> segments) {}

  private final Map<String, TreeMap<String, Stored>> buckets = new HashMap<>();
  private long generations;
  private BucketFacts facts = new BucketFacts(true, true, 0, false, false, "STANDARD", "LOCAL");

  /** Whoever asks. */
  @Override
  public ObjectStore as(String token) {
    return this;
  }

  public synchronized MemoryObjectStore bucket(String name) {
    buckets.put(name, new TreeMap<>());
    return this;
  }

  public synchronized void facts(BucketFacts facts) {
    this.facts = facts;
  }

  public synchronized byte[] bytes(String bucket, String name) {
    var stored = buckets.get(bucket).get(name);
    var joined = ByteBuffer.allocate(Math.toIntExact(stored.object().bytes()));
    stored.segments().forEach(joined::put);
    return joined.array();
  }

  /** Whether an object is what a file is, without a copy of either. */
  public synchronized boolean isFile(String bucket, String name, Path file) throws IOException {
    try (var channel = FileChannel.open(file)) {
      var bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      for (var segment : buckets.get(bucket).get(name).segments()) {
        if (segment.length > bytes.remaining()
            || bytes.slice(bytes.position(), segment.length).mismatch(ByteBuffer.wrap(segment))
                >= 0) {
          return false;
        }
        bytes.position(bytes.position() + segment.length);
      }
      return !bytes.hasRemaining();
    }
  }

  @Override
  public StoredObject put(String bucket, String name, Body body, long ifGeneration)
      throws ObjectStoreException {
    var bytes = new byte[Math.toIntExact(body.bytes())];
    try {
      for (var at = 0; at < bytes.length; ) {
        var slice = ByteBuffer.wrap(bytes, at, Math.min(64 << 10, bytes.length - at));
        body.read(at, slice);
        at = slice.position();
      }
    } catch (IOException e) {
      throw new ObjectStoreException(Kind.SOURCE, e.getMessage(), e);
    }
    return store(bucket, name, List.of(bytes), Crc32c.of(ByteBuffer.wrap(bytes)), ifGeneration);
  }

  @Override
  public StoredObject putStream(
      String bucket, String name, Body body, long ifGeneration, Pause pause)
      throws ObjectStoreException {
    return put(bucket, name, body, ifGeneration);
  }

  @Override
  public synchronized StoredObject compose(
      String bucket, List<StoredObject> sources, String target, long ifGeneration)
      throws ObjectStoreException {
    if (sources.size() > MAX_COMPOSE_SOURCES) {
      throw new ObjectStoreException(Kind.OTHER, "too many sources", null);
    }
    var joined = new ArrayList<byte[]>();
    var crc = 0;
    for (var source : sources) {
      var stored = objects(bucket).get(source.name());
      if (stored == null) {
        throw new ObjectStoreException(Kind.NOT_FOUND, source.name(), null);
      }
      if (stored.object().generation() != source.generation()) {
        throw new ObjectStoreException(Kind.PRECONDITION, source.name(), null);
      }
      joined.addAll(stored.segments());
      crc = Crc32c.combine(crc, source.crc32c(), source.bytes());
    }
    return store(bucket, target, joined, crc, ifGeneration);
  }

  private synchronized StoredObject store(
      String bucket, String name, List<byte[]> segments, int crc32c, long ifGeneration)
      throws ObjectStoreException {
    var now = Optional.ofNullable(objects(bucket).get(name)).map(s -> s.object().generation());
    if (ifGeneration != ANY && now.orElse(ABSENT) != ifGeneration) {
      throw new ObjectStoreException(Kind.PRECONDITION, name + " has generation " + now, null);
    }
    var bytes = segments.stream().mapToLong(s -> s.length).sum();
    var object = new StoredObject(name, bytes, crc32c, ++generations);
    objects(bucket).put(name, new Stored(object, segments));
    return object;
  }

  @Override
  public synchronized int read(String bucket, String name, long offset, ByteBuffer into)
      throws ObjectStoreException {
    var stored = objects(bucket).get(name);
    if (stored == null) {
      throw new ObjectStoreException(Kind.NOT_FOUND, name, null);
    }
    var whole = bytes(bucket, name);
    var bytes = (int) Math.max(0, Math.min(into.remaining(), whole.length - offset));
    if (bytes > 0) {
      into.put(whole, (int) offset, bytes);
    }
    return bytes;
  }

  @Override
  public synchronized Optional<StoredObject> stat(String bucket, String name)
      throws ObjectStoreException {
    return Optional.ofNullable(objects(bucket).get(name)).map(Stored::object);
  }

  @Override
  public synchronized List<StoredObject> objects(String bucket, String prefix)
      throws ObjectStoreException {
    var result = new ArrayList<StoredObject>();
    for (var stored : objects(bucket).values()) {
      if (stored.object().name().startsWith(prefix)) {
        result.add(stored.object());
      }
    }
    return result;
  }

  @Override
  public synchronized void delete(String bucket, String name) throws ObjectStoreException {
    objects(bucket).remove(name);
  }

  @Override
  public synchronized void delete(String bucket, StoredObject object) throws ObjectStoreException {
    var stored = objects(bucket).get(object.name());
    if (stored != null && stored.object().generation() == object.generation()) {
      objects(bucket).remove(object.name());
    }
  }

  @Override
  public synchronized BucketFacts bucketFacts(String bucket) throws ObjectStoreException {
    objects(bucket);
    return facts;
  }

  private TreeMap<String, Stored> objects(String bucket) throws ObjectStoreException {
    var objects = buckets.get(bucket);
    if (objects == null) {
      throw new ObjectStoreException(Kind.NOT_FOUND, "no bucket " + bucket, null);
    }
    return objects;
  }
}
