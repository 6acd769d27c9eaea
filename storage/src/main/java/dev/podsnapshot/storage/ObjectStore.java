package dev.podsnapshot.storage;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An object store as snapshots need it. All calls block; all sizes are bytes; every call is safe
 * from many threads. One conformance suite holds for every implementation.
 */
public interface ObjectStore {
  /** How many sources one {@link #compose} may have (Cloud Storage's limit). */
  int MAX_COMPOSE_SOURCES = 32;

  /**
   * Stores one object from memory.
   *
   * @param crc32c of the bytes; the store refuses the object if what arrived differs
   * @param onlyIfAbsent refuse, with {@link ObjectStoreException.Kind#PRECONDITION}, if it exists
   */
  void put(String bucket, String name, ByteBuffer bytes, int crc32c, boolean onlyIfAbsent)
      throws ObjectStoreException;

  /** Stores a whole file in one stream; the way where parts would do harm. */
  void putFile(String bucket, String name, Path file) throws ObjectStoreException;

  /** Joins up to {@link #MAX_COMPOSE_SOURCES} objects of the bucket into one, in this order. */
  void compose(String bucket, List<String> sources, String target) throws ObjectStoreException;

  /**
   * Reads {@code into.remaining()} bytes from {@code offset} on; fewer at the object's end.
   *
   * @return how many bytes were read
   */
  int read(String bucket, String name, long offset, ByteBuffer into) throws ObjectStoreException;

  Optional<StoredObject> stat(String bucket, String name) throws ObjectStoreException;

  /** The names below a prefix, in order. */
  List<String> list(String bucket, String prefix) throws ObjectStoreException;

  /** Deletes an object; no error if there is none. */
  void delete(String bucket, String name) throws ObjectStoreException;

  BucketFacts bucketFacts(String bucket) throws ObjectStoreException;
}
