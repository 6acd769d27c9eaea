package dev.podsnapshot.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * An object store as snapshots need it. All calls block; all sizes are bytes; every call is safe
 * from many threads and asks once: whoever calls knows whether another try is worth it ({@link
 * ObjectStoreException.Kind#UNAVAILABLE}). One conformance suite holds for every implementation.
 *
 * <p>A write names the generation that the object must have, {@link #ABSENT} or {@link #ANY}, and
 * is refused with {@link ObjectStoreException.Kind#PRECONDITION} if it has another. After a write
 * whose answer was lost, the same write may therefore be refused although it is what is stored.
 */
public interface ObjectStore {
  /** How many sources one {@link #compose} may have (Cloud Storage's limit). */
  int MAX_COMPOSE_SOURCES = 32;

  /** No object of the name may exist. */
  long ABSENT = 0;

  /** Whatever is there is replaced. */
  long ANY = -1;

  /**
   * This store, asked in the name of whom a token was made for.
   *
   * @param token an OAuth 2 access token; empty: the service's own credentials
   */
  ObjectStore as(String token);

  /**
   * Stores an object in one request.
   *
   * @return the object; its checksum is the body's
   * @throws ObjectStoreException CORRUPT if the store computed another checksum; no such object is
   *     left
   */
  StoredObject put(String bucket, String name, Body body, long ifGeneration)
      throws ObjectStoreException;

  /**
   * Stores an object in one stream of any length, which goes on after a lost connection; the way
   * where parts would do harm.
   *
   * @param pause called after a failure that is worth another try; throws to give up
   */
  StoredObject putStream(String bucket, String name, Body body, long ifGeneration, Pause pause)
      throws ObjectStoreException;

  /** What to do between two tries. */
  interface Pause {
    void after(ObjectStoreException failure) throws ObjectStoreException;
  }

  /**
   * Joins up to {@link #MAX_COMPOSE_SOURCES} objects of the bucket, at their generations, into one,
   * in this order. The sources stay.
   */
  StoredObject compose(String bucket, List<StoredObject> sources, String target, long ifGeneration)
      throws ObjectStoreException;

  /**
   * Reads {@code into.remaining()} bytes from {@code offset} on; fewer at the object's end.
   *
   * @return how many bytes were read
   */
  int read(String bucket, String name, long offset, ByteBuffer into) throws ObjectStoreException;

  Optional<StoredObject> stat(String bucket, String name) throws ObjectStoreException;

  /** The objects below a prefix, in the order of their names. */
  List<StoredObject> objects(String bucket, String prefix) throws ObjectStoreException;

  /** The names below a prefix, in order. */
  default List<String> list(String bucket, String prefix) throws ObjectStoreException {
    return objects(bucket, prefix).stream().map(StoredObject::name).toList();
  }

  /** Deletes an object; no error if there is none. */
  void delete(String bucket, String name) throws ObjectStoreException;

  /** Deletes an object at its generation; no error if it is gone or another one by now. */
  void delete(String bucket, StoredObject object) throws ObjectStoreException;

  BucketFacts bucketFacts(String bucket) throws ObjectStoreException;
}
