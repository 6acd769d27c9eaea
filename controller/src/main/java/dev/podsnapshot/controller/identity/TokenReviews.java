package dev.podsnapshot.controller.identity;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import io.fabric8.kubernetes.api.model.authentication.TokenReview;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.Status.Code;
import io.quarkus.runtime.annotations.RegisterForReflection;
import jakarta.enterprise.context.ApplicationScoped;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks the API server whose tokens they are. Answers are kept for a short time by the token's hash,
 * since a Pod waits while its node is asked about.
 */
// What Caffeine looks up by name, for native images: its cache and its entries with a maximal size
// and
// lives of their own (also access/BucketTokens).
@RegisterForReflection(
    classNames = {
      "com.github.benmanes.caffeine.cache.SSMSA",
      "com.github.benmanes.caffeine.cache.PSAMS"
    })
@ApplicationScoped
class TokenReviews {
  /** Put into the tokens of Pods by Kubernetes 1.30 and later (ServiceAccountTokenPodNodeInfo). */
  static final String NODE_NAME = "authentication.kubernetes.io/node-name";

  /** More than nodes; random tokens must not fill the memory. */
  private static final int KEPT = 20_000;

  private final KubernetesClient client;
  private final IdentityConfig config;
  private final Cache<String, Review> reviews;

  TokenReviews(KubernetesClient client, IdentityConfig config) {
    this.client = client;
    this.config = config;
    this.reviews =
        Caffeine.newBuilder()
            .maximumSize(KEPT)
            .expireAfter(
                Expiry.<String, Review>creating(
                    (hash, review) ->
                        switch (review) {
                          case Review.Accepted accepted -> config.reviewAge();
                          case Review.Refused refused -> config.refusalAge();
                        }))
            .build();
  }

  /**
   * Blocks while the API server is asked.
   *
   * @throws KubernetesClientException if it can't be asked; that is not kept
   */
  Review of(String token) {
    return reviews.get(hash(token), hash -> judge(review(token), config.audience(), account()));
  }

  private TokenReview review(String token) {
    return client
        .authentication()
        .v1()
        .tokenReviews()
        .create(
            new TokenReviewBuilder()
                .withNewSpec()
                .withToken(token)
                .withAudiences(config.audience())
                .endSpec()
                .build());
  }

  private String account() {
    return "system:serviceaccount:%s:%s"
        .formatted(
            Optional.ofNullable(client.getNamespace()).orElse("default"), config.agentAccount());
  }

  /** What an answer of the API server means. Pure. */
  static Review judge(TokenReview answer, String audience, String account) {
    var status = answer.getStatus();
    if (status == null || !Boolean.TRUE.equals(status.getAuthenticated())) {
      return refused(
          "bad_token",
          "the token is not valid for this controller"
              + (status == null || status.getError() == null ? "" : ": " + status.getError()));
    }
    // An API server that knows no audiences accepts a token for anybody, and says nothing here.
    if (status.getAudiences() == null || !status.getAudiences().contains(audience)) {
      return refused("other_audience", "the token is not made for audience " + audience);
    }
    var user = status.getUser();
    if (user == null || !account.equals(user.getUsername())) {
      return refused(
          "other_account",
          "only %s may call, not %s".formatted(account, user == null ? "" : user.getUsername()));
    }
    var node =
        Optional.ofNullable(user.getExtra())
            .map(Map::copyOf)
            .map(extra -> extra.get(NODE_NAME))
            .orElse(List.of());
    if (node.size() != 1 || node.getFirst().isBlank()) {
      return refused(
          "no_node",
          "the token is bound to no node: it must be a Pod's, of Kubernetes 1.30 or later");
    }
    return new Review.Accepted(new NodeAuthority(node.getFirst()));
  }

  private static Review refused(String reason, String text) {
    return new Review.Refused(new Refusal(Code.UNAUTHENTICATED, reason, text));
  }

  private static String hash(String token) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has SHA-256", e);
    }
  }
}
