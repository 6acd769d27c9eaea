package dev.podsnapshot.controller.identity;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status.Code;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/**
 * Lets nobody in but nodes. Stands inside of what moves a call to a thread that may block, so a
 * service's methods must all be {@code @Blocking} or run on virtual threads.
 */
@GlobalInterceptor
@ApplicationScoped
public class Authentication implements ServerInterceptor {
  private static final Logger LOG = Logger.getLogger(Authentication.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final String BEARER = "Bearer ";

  /** Tokens have about a kilobyte. */
  private static final int TOKEN_LENGTH = 16_384;

  private final TokenReviews reviews;
  private final Refusals refusals;

  Authentication(TokenReviews reviews, Refusals refusals) {
    this.reviews = reviews;
    this.refusals = refusals;
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    return switch (review(headers)) {
      case Review.Accepted accepted ->
          Contexts.interceptCall(
              Context.current().withValue(NodeAuthority.CALLER, accepted.node()),
              call,
              headers,
              next);
      case Review.Refused refused -> {
        var from = String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
        call.close(refusals.tell(refused.refusal(), from), new Metadata());
        yield new ServerCall.Listener<>() {};
      }
    };
  }

  /** Never throws: a call whose interceptor throws would hang. */
  private Review review(Metadata headers) {
    var header = headers.get(AUTHORIZATION);
    if (header == null || !header.startsWith(BEARER) || header.length() > TOKEN_LENGTH) {
      return new Review.Refused(
          new Refusal(
              Code.UNAUTHENTICATED,
              "no_token",
              "the call has no token of a node: authorization: Bearer ..."));
    }
    try {
      return reviews.of(header.substring(BEARER.length()));
    } catch (KubernetesClientException e) {
      LOG.warnf("phase=review the API server can't be asked: %s", e.getMessage());
      return new Review.Refused(
          new Refusal(
              Code.UNAVAILABLE, "review_failed", "the API server can't be asked about the token"));
    } catch (RuntimeException e) {
      LOG.error("phase=review", e);
      return new Review.Refused(
          new Refusal(Code.INTERNAL, "review_failed", "the token could not be reviewed"));
    }
  }
}
