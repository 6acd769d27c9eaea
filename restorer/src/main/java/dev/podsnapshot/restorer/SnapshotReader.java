package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Location;
import dev.podsnapshot.manifest.InvalidManifestException;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.ByteBuffer;

/** Reads a snapshot from the bucket. */
@ApplicationScoped
class SnapshotReader {
  private static final int MANIFEST_LIMIT = 64 << 20;

  private final ObjectStore store;

  SnapshotReader(ObjectStore store) {
    this.store = store;
  }

  /** The same, in the name of whom a token was made for; empty: in the restorer's own. */
  SnapshotReader as(String token) {
    return new SnapshotReader(store.as(token));
  }

  /**
   * Asks for the manifest, not for what is in it.
   *
   * @throws StagingException if it is not there, or may not be read
   */
  void requireManifest(Location from) throws StagingException {
    var name = from.getPrefix() + SnapshotManifest.OBJECT;
    try {
      if (store.stat(from.getBucket(), name).isEmpty()) {
        throw missing(from, name);
      }
    } catch (ObjectStoreException e) {
      throw failed(e);
    }
  }

  SnapshotManifest manifest(Location from) throws StagingException {
    var name = from.getPrefix() + SnapshotManifest.OBJECT;
    try {
      var object = store.stat(from.getBucket(), name).orElseThrow(() -> missing(from, name));
      if (object.bytes() > MANIFEST_LIMIT) {
        throw new StagingException(StagingException.DAMAGED, name + " is too large for a manifest");
      }
      var bytes = ByteBuffer.allocate((int) object.bytes());
      store.read(from.getBucket(), name, 0, bytes);
      return SnapshotManifest.parse(bytes.array());
    } catch (ObjectStoreException e) {
      throw failed(e);
    } catch (InvalidManifestException e) {
      throw new StagingException(StagingException.DAMAGED, e.getMessage(), e);
    }
  }

  /** The chunks of the snapshot whose objects lie there. */
  ChunkSource chunks(Location from) {
    return (chunk, into) -> {
      try {
        store.read(from.getBucket(), from.getPrefix() + chunk.file().name(), chunk.offset(), into);
      } catch (ObjectStoreException e) {
        throw failed(e);
      }
    };
  }

  private static StagingException missing(Location from, String name) {
    return new StagingException(
        "SnapshotMissing", "gs://%s/%s does not exist".formatted(from.getBucket(), name));
  }

  private static StagingException failed(ObjectStoreException e) {
    return switch (e.kind()) {
      case NOT_FOUND -> new StagingException("SnapshotMissing", e.getMessage(), e);
      case PERMISSION_DENIED -> new StagingException("PermissionDenied", e.getMessage(), e);
      default -> new StagingException(StagingException.UNAVAILABLE, e.getMessage(), e);
    };
  }
}
