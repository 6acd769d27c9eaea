package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.BucketTokenReply;
import dev.podsnapshot.grpc.BucketTokenRequest;
import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.Restore;
import io.grpc.Status;
import io.quarkus.grpc.GrpcClient;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** The Pods' tokens for buckets: had from the controller when they are needed, kept nowhere. */
@ApplicationScoped
class BucketTokens {
  private static final String FAILED = "BucketTokenFailed";
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Fleet fleet;

  BucketTokens(@GrpcClient("fleet") Fleet fleet) {
    this.fleet = fleet;
  }

  Credential of(PodRef pod, Restore restore) {
    return restore.getInPodsName() ? () -> token(pod, restore) : Credential.OWN;
  }

  private String token(PodRef pod, Restore restore) throws StagingException {
    try {
      return fleet
          .bucketToken(
              BucketTokenRequest.newBuilder()
                  .setSnapshot(restore.getSnapshot())
                  .setPod(pod)
                  .build())
          .onFailure(e -> Status.fromThrowable(e).getCode() == Status.Code.UNAVAILABLE)
          .retry()
          .withBackOff(Duration.ofMillis(100), Duration.ofSeconds(1))
          .expireIn(PATIENCE.toMillis())
          .map(BucketTokenReply::getToken)
          .await()
          .atMost(PATIENCE);
    } catch (RuntimeException e) {
      var said = Status.fromThrowable(e).getDescription();
      throw new StagingException(FAILED, said == null ? e.toString() : said, e);
    }
  }
}
