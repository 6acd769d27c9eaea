package dev.podsnapshot.uploader;

import dev.podsnapshot.grpc.StoreReply;
import dev.podsnapshot.grpc.StoreRequest;
import dev.podsnapshot.grpc.Upload;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.matching.NodeFingerprint;
import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.common.annotation.RunOnVirtualThread;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.jboss.logging.Logger;

/** Stores a spooled snapshot; its errors become gRPC status here and nowhere else. */
@GrpcService
public class UploadService implements Upload {
  private static final Logger LOG = Logger.getLogger(UploadService.class);

  private final UploaderConfig config;
  private final ObjectStore store;
  private final MeterRegistry metrics;
  private final PartBuffers buffers;

  UploadService(
      UploaderConfig config, ObjectStore store, MeterRegistry metrics, PartBuffers buffers) {
    this.config = config;
    this.store = store;
    this.metrics = metrics;
    this.buffers = buffers;
  }

  @Override
  @RunOnVirtualThread
  public Uni<StoreReply> store(StoreRequest request) {
    try {
      return Uni.createFrom().item(upload(request));
    } catch (ObjectStoreException e) {
      return failed(
          switch (e.kind()) {
            case NOT_FOUND -> Status.NOT_FOUND;
            case PERMISSION_DENIED -> Status.PERMISSION_DENIED;
            case PRECONDITION -> Status.FAILED_PRECONDITION;
            case CORRUPT -> Status.DATA_LOSS;
            case UNAVAILABLE -> Status.UNAVAILABLE;
            case OTHER -> Status.INTERNAL;
          },
          e);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return failed(Status.INTERNAL, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(Status.ABORTED, e);
    }
  }

  private static Uni<StoreReply> failed(Status status, Throwable e) {
    LOG.error("phase=upload", e);
    return Uni.createFrom()
        .failure(
            new StatusException(
                status.withDescription(String.valueOf(e.getMessage())).withCause(e)));
  }

  private StoreReply upload(StoreRequest request)
      throws ObjectStoreException, IOException, InterruptedException {
    var begin = System.nanoTime();
    var directory = Path.of(request.getDirectory()).normalize();
    if (!config.spool().equals(directory.getParent())) {
      throw new IOException("not a folder of the spool: " + directory);
    }
    var bucket = request.getLocation().getBucket();
    var prefix = request.getLocation().getPrefix();
    var refused = parallelRefused(bucket);
    refused.ifPresent(
        why ->
            LOG.warnf(
                "snapshot=%s phase=upload one stream only: %s",
                request.getSnapshot().getName(), why));

    var upload = new FileUpload(store, config.partBytes(), config.uploadConnections(), buffers);
    var files = new ArrayList<SnapshotManifest.StoredFile>();
    for (var name : SnapshotManifest.filesIn(directory)) {
      var file = directory.resolve(name);
      files.add(
          refused.isEmpty()
              ? upload.parallel(file, bucket, prefix + name)
              : upload.single(file, bucket, prefix + name));
    }
    var node = NodeFingerprint.of(request.getFingerprint());
    var manifest =
        new SnapshotManifest(
            SnapshotManifest.FORMAT,
            request.getSnapshot().getName(),
            request.getSpecHash(),
            new SnapshotManifest.Node(
                node.runscVersion(), node.platform(), node.architecture(), node.cpuFeatures()),
            files);
    var json = manifest.toJson();
    var crc = new CRC32C();
    crc.update(json);
    store.put(
        bucket,
        prefix + SnapshotManifest.OBJECT,
        ByteBuffer.wrap(json),
        (int) crc.getValue(),
        false);

    var nanos = System.nanoTime() - begin;
    metrics.counter("podsnapshot_upload_bytes_total").increment(manifest.bytes());
    metrics
        .timer("podsnapshot_upload", "parallel", Boolean.toString(refused.isEmpty()))
        .record(nanos, TimeUnit.NANOSECONDS);
    LOG.infof(
        "snapshot=%s phase=upload bytes=%d millis=%d parallel=%s",
        request.getSnapshot().getName(), manifest.bytes(), nanos / 1_000_000, refused.isEmpty());
    return StoreReply.newBuilder()
        .setBytes(manifest.bytes())
        .setMillis(nanos / 1_000_000)
        .setParallel(refused.isEmpty())
        .setSingleStreamReason(refused.orElse(""))
        .build();
  }

  /** As gVisor's gofer does: a bucket that can't be looked at gets one stream. */
  private Optional<String> parallelRefused(String bucket) throws ObjectStoreException {
    try {
      return store.bucketFacts(bucket).parallelUploadRefused();
    } catch (ObjectStoreException e) {
      if (e.kind() == ObjectStoreException.Kind.PERMISSION_DENIED) {
        return Optional.of("the bucket's properties can't be read: " + e.getMessage());
      }
      throw e;
    }
  }
}
