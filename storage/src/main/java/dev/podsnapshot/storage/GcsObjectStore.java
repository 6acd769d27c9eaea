package dev.podsnapshot.storage;

import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Bucket;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.Storage.BlobSourceOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.ComposeRequest;
import com.google.cloud.storage.StorageException;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Cloud Storage by its JSON API. */
@ApplicationScoped
public class GcsObjectStore implements ObjectStore {
  private final Storage storage;

  public GcsObjectStore(Storage storage) {
    this.storage = storage;
  }

  @Override
  public void put(String bucket, String name, ByteBuffer bytes, int crc32c, boolean onlyIfAbsent)
      throws ObjectStoreException {
    // The library sends a checksum of its own with the bytes; ours is compared with the answer.
    var info = BlobInfo.newBuilder(bucket, name).build();
    var options = new ArrayList<BlobTargetOption>();
    if (onlyIfAbsent) {
      options.add(BlobTargetOption.doesNotExist());
    }
    call(
        "store",
        bucket,
        name,
        () -> {
          var to = options.toArray(BlobTargetOption[]::new);
          var blob =
              bytes.hasArray()
                  ? storage.create(
                      info,
                      bytes.array(),
                      bytes.arrayOffset() + bytes.position(),
                      bytes.remaining(),
                      to)
                  : storage.create(info, copy(bytes), to);
          if (blob.getCrc32c() != null && decode(blob.getCrc32c()) != crc32c) {
            throw new StorageException(
                400, "the stored checksum differs from that of the bytes sent", "corrupt", null);
          }
          return blob;
        });
  }

  @Override
  public void putFile(String bucket, String name, Path file) throws ObjectStoreException {
    call(
        "store",
        bucket,
        name,
        () -> {
          try {
            return storage.createFrom(BlobInfo.newBuilder(bucket, name).build(), file);
          } catch (IOException e) {
            throw new StorageException(e);
          }
        });
  }

  @Override
  public void compose(String bucket, List<String> sources, String target)
      throws ObjectStoreException {
    var request =
        ComposeRequest.newBuilder()
            .setTarget(BlobInfo.newBuilder(bucket, target).build())
            .addSource(sources)
            .build();
    call("compose", bucket, target, () -> storage.compose(request));
  }

  @Override
  public int read(String bucket, String name, long offset, ByteBuffer into)
      throws ObjectStoreException {
    if (!into.hasRemaining()) {
      return 0;
    }
    return call(
        "read",
        bucket,
        name,
        () -> {
          var begin = into.position();
          try (var channel = storage.reader(BlobId.of(bucket, name))) {
            channel.setChunkSize(0);
            channel.seek(offset);
            channel.limit(offset + into.remaining());
            while (into.hasRemaining() && channel.read(into) >= 0) {
              Thread.onSpinWait();
            }
          } catch (IOException e) {
            if (e.getCause() instanceof StorageException cause) {
              throw cause;
            }
            throw new StorageException(e);
          }
          return into.position() - begin;
        });
  }

  @Override
  public Optional<StoredObject> stat(String bucket, String name) throws ObjectStoreException {
    return call("look at", bucket, name, () -> Optional.ofNullable(storage.get(bucket, name)))
        .map(b -> new StoredObject(b.getName(), b.getSize(), decode(b.getCrc32c())));
  }

  @Override
  public List<String> list(String bucket, String prefix) throws ObjectStoreException {
    return call(
        "list",
        bucket,
        prefix,
        () ->
            storage
                .list(bucket, BlobListOption.prefix(prefix), BlobListOption.fields(BlobField.NAME))
                .streamAll()
                .map(Blob::getName)
                .toList());
  }

  @Override
  public void delete(String bucket, String name) throws ObjectStoreException {
    call(
        "delete",
        bucket,
        name,
        () -> storage.delete(BlobId.of(bucket, name), new BlobSourceOption[0]));
  }

  @Override
  public BucketFacts bucketFacts(String name) throws ObjectStoreException {
    Bucket bucket = call("look at", name, "", () -> storage.get(name));
    if (bucket == null) {
      throw new ObjectStoreException(
          Kind.NOT_FOUND, "the bucket gs://%s does not exist".formatted(name), null);
    }
    return new BucketFacts(
        bucket.getHierarchicalNamespace() != null
            && Boolean.TRUE.equals(bucket.getHierarchicalNamespace().getEnabled()),
        bucket.getIamConfiguration() != null
            && Boolean.TRUE.equals(
                bucket.getIamConfiguration().isUniformBucketLevelAccessEnabled()),
        bucket.getSoftDeletePolicy() == null
            ? 0
            : Optional.ofNullable(bucket.getSoftDeletePolicy().getRetentionDuration())
                .map(Duration::toSeconds)
                .orElse(0L),
        bucket.getRetentionPeriodDuration() != null
            && !bucket.getRetentionPeriodDuration().isZero(),
        Boolean.TRUE.equals(bucket.getDefaultEventBasedHold()),
        bucket.getStorageClass() == null ? "" : bucket.getStorageClass().toString(),
        bucket.getLocation() == null ? "" : bucket.getLocation());
  }

  private interface Call<T> {
    T run();
  }

  private static <T> T call(String what, String bucket, String name, Call<T> call)
      throws ObjectStoreException {
    try {
      return call.run();
    } catch (StorageException e) {
      throw new ObjectStoreException(
          kind(e), "can't %s gs://%s/%s: %s".formatted(what, bucket, name, e.getMessage()), e);
    }
  }

  static Kind kind(StorageException e) {
    return switch (e.getCode()) {
      case 404 -> Kind.NOT_FOUND;
      case 401, 403 -> Kind.PERMISSION_DENIED;
      case 412 -> Kind.PRECONDITION;
      case 400 -> "corrupt".equals(e.getReason()) ? Kind.CORRUPT : Kind.OTHER;
      // 0 is the library's code for "no answer at all".
      case 0, 408, 429, 500, 502, 503, 504 -> Kind.UNAVAILABLE;
      default -> Kind.OTHER;
    };
  }

  private static byte[] copy(ByteBuffer bytes) {
    var copy = new byte[bytes.remaining()];
    bytes.duplicate().get(copy);
    return copy;
  }

  /** The API's form of a CRC32C is big-endian, base64. */
  private static int decode(String crc32c) {
    return crc32c == null ? 0 : ByteBuffer.wrap(Base64.getDecoder().decode(crc32c)).getInt();
  }
}
