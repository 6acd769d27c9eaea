package dev.podsnapshot.uploader;

import dev.podsnapshot.grpc.StoreReply;
import dev.podsnapshot.grpc.StoreRequest;
import dev.podsnapshot.grpc.Upload;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.matching.NodeFingerprint;
import dev.podsnapshot.storage.ObjectStoreException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcService;
import io.smallrye.mutiny.Uni;
import java.io.IOException;
import java.nio.file.Path;
import org.jboss.logging.Logger;

/** Stores a spooled snapshot; its errors become gRPC status here and nowhere else. */
@GrpcService
public class UploadService implements Upload {
  private static final Logger LOG = Logger.getLogger(UploadService.class);

  private final UploaderConfig config;
  private final Uploads uploads;
  private final MeterRegistry registry;

  UploadService(UploaderConfig config, Uploads uploads, MeterRegistry registry) {
    this.config = config;
    this.uploads = uploads;
    this.registry = registry;
  }

  /**
   * On a virtual thread of its own, not on one that the framework hands the call to: there a call
   * that came while others began was received, and then never heard of again.
   */
  @Override
  public Uni<StoreReply> store(StoreRequest request) {
    return Uni.createFrom()
        .deferred(() -> upload(request))
        .runSubscriptionOn(task -> Thread.ofVirtual().name("store").start(task));
  }

  private Uni<StoreReply> upload(StoreRequest request) {
    try {
      var stored = uploads.store(spooled(request), request.getToken());
      return Uni.createFrom()
          .item(
              StoreReply.newBuilder()
                  .setBytes(stored.bytes())
                  .setMillis(stored.took().toMillis())
                  .setParallel(stored.singleStream().isEmpty())
                  .setSingleStreamReason(stored.singleStream().orElse(""))
                  .build());
    } catch (ObjectStoreException e) {
      return failed(
          request,
          switch (e.kind()) {
            case NOT_FOUND -> Status.NOT_FOUND;
            case PERMISSION_DENIED -> Status.PERMISSION_DENIED;
            case PRECONDITION -> Status.FAILED_PRECONDITION;
            case CORRUPT -> Status.DATA_LOSS;
            case UNAVAILABLE -> Status.UNAVAILABLE;
            case SOURCE, OTHER -> Status.INTERNAL;
          },
          e);
    } catch (UploadException e) {
      return failed(request, Status.FAILED_PRECONDITION, e);
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      return failed(request, Status.INTERNAL, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed(request, Status.ABORTED, e);
    }
  }

  private Spooled spooled(StoreRequest request) throws IOException {
    var directory = Path.of(request.getDirectory()).normalize();
    if (!config.spool().equals(directory.getParent())) {
      throw new IOException("not a folder of the spool: " + directory);
    }
    var node = NodeFingerprint.of(request.getFingerprint());
    return new Spooled(
        request.getSnapshot().getName(),
        directory,
        request.getLocation().getBucket(),
        request.getLocation().getPrefix(),
        request.getSpecHash(),
        new SnapshotManifest.Node(
            node.runscVersion(), node.platform(), node.architecture(), node.cpuFeatures()));
  }

  private Uni<StoreReply> failed(StoreRequest request, Status status, Throwable e) {
    LOG.errorf(e, "snapshot=%s phase=upload", request.getSnapshot().getName());
    registry
        .counter("podsnapshot_upload_failures_total", "reason", status.getCode().name())
        .increment();
    return Uni.createFrom()
        .failure(
            new StatusException(
                status.withDescription(String.valueOf(e.getMessage())).withCause(e)));
  }
}
