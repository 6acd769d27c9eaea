package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.RestoreReport;
import io.grpc.Status;
import io.quarkus.grpc.GrpcClient;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Set;
import org.jboss.logging.Logger;

/** Tells the controller how restores ended; tries for an hour, beside the Pod's path. */
@ApplicationScoped
class Reports {
  private static final Logger LOG = Logger.getLogger(Reports.class);

  /** Said again, it would be refused again. */
  private static final Set<Status.Code> FINAL =
      Set.of(Status.Code.PERMISSION_DENIED, Status.Code.INVALID_ARGUMENT);

  private final Fleet fleet;

  Reports(@GrpcClient("fleet") Fleet fleet) {
    this.fleet = fleet;
  }

  void coldStart(PodRef pod, String reason, String message) {
    send(RestoreReport.newBuilder().setPod(pod).setReason(reason).setMessage(message).build());
  }

  void send(RestoreReport report) {
    fleet
        .reportRestore(report)
        .ifNoItem()
        .after(Duration.ofSeconds(10))
        .fail()
        .onFailure(e -> !FINAL.contains(Status.fromThrowable(e).getCode()))
        .retry()
        .withBackOff(Duration.ofMillis(200), Duration.ofSeconds(10))
        .expireIn(Duration.ofHours(1).toMillis())
        .subscribe()
        .with(
            ack -> LOG.debugf("reported %s", report.getPod().getName()),
            e ->
                LOG.errorf(
                    "pod=%s/%s phase=report: given up: %s",
                    report.getPod().getNamespace(), report.getPod().getName(), e.toString()));
  }
}
