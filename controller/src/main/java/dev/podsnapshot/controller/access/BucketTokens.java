package dev.podsnapshot.controller.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.google.auth.oauth2.AccessToken;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.TokenSource;
import dev.podsnapshot.controller.GcsPath;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jboss.logging.Logger;

/**
 * The tokens with which nodes use buckets. A token that is good for a while yet is handed out
 * again: a Pod waits for it, and it opens no more than the one before.
 */
@ApplicationScoped
public class BucketTokens {
  private static final Logger LOG = Logger.getLogger(BucketTokens.class);

  /** A token that is handed out is good for as long. */
  private static final Duration LEAST = Duration.ofMinutes(30);

  private static final int KEPT = 20_000;

  private static final Set<String> REFUSALS =
      Set.of(
          "invalid_request",
          "invalid_client",
          "invalid_grant",
          "invalid_scope",
          "invalid_target",
          "unauthorized_client",
          "unsupported_grant_type",
          "access_denied");

  private final BucketAccessConfig config;
  private final TokenExchange exchange;
  private final MeterRegistry metrics;
  private final Cache<Grant, AccessToken> tokens =
      Caffeine.newBuilder()
          .maximumSize(KEPT)
          .expireAfter(
              Expiry.<Grant, AccessToken>creating(
                  (grant, token) -> leftToHandOut(token, Instant.now())))
          .build();

  BucketTokens(BucketAccessConfig config, TokenExchange exchange, MeterRegistry metrics) {
    this.config = config;
    this.exchange = exchange;
    this.metrics = metrics;
  }

  private static Duration leftToHandOut(AccessToken token, Instant now) {
    var left = Duration.between(now, token.getExpirationTime().toInstant()).minus(LEAST);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Whether nodes use a bucket with tokens of this kind; if not, with their own credentials. */
  public boolean inEffect(TokenSource source) {
    return switch (source) {
      case POD_KSA -> config.provider().isPresent();
      case FEDERATED_P4SA -> config.federated();
    };
  }

  /** As {@link #inEffect(TokenSource)}, for the bucket of a snapshot. */
  public boolean inEffect(PodSnapshot snapshot) {
    return inEffect(source(snapshot));
  }

  /**
   * In the name of the Pod that was saved; it may be gone by now.
   *
   * @throws BucketTokenException if there is none
   */
  public String forUpload(PodSnapshot snapshot) throws BucketTokenException {
    var account = annotation(snapshot, PodSnapshotApi.SERVICE_ACCOUNT).orElse("default");
    return of(grant(snapshot, account, true));
  }

  /**
   * In the name of the Pod that shall be restored.
   *
   * @throws BucketTokenException if there is none
   */
  public String forDownload(Pod pod, PodSnapshot snapshot) throws BucketTokenException {
    return of(grant(snapshot, account(pod), false));
  }

  /** The ServiceAccount that a Pod runs as. */
  public static String account(Pod pod) {
    return Optional.ofNullable(pod.getSpec().getServiceAccountName()).orElse("default");
  }

  private Grant grant(PodSnapshot snapshot, String account, boolean write) {
    return switch (source(snapshot)) {
      case POD_KSA -> new Grant.Account(snapshot.getMetadata().getNamespace(), account);
      case FEDERATED_P4SA ->
          new Grant.Folder(GcsPath.parse(snapshot.getStatus().observedGcsPath()), write);
    };
  }

  private static TokenSource source(PodSnapshot snapshot) {
    return TokenSource.of(annotation(snapshot, PodSnapshotApi.TOKEN_SOURCE).orElse(""));
  }

  private static Optional<String> annotation(PodSnapshot snapshot, String name) {
    return Optional.ofNullable(snapshot.getMetadata().getAnnotations())
        .map(annotations -> annotations.get(name));
  }

  private String of(Grant grant) throws BucketTokenException {
    try {
      return tokens.get(grant, this::obtain).getTokenValue();
    } catch (UncheckedIOException e) {
      throw failed(grant, !isFinal(e.getCause()), e.getCause());
    } catch (KubernetesClientException e) {
      throw failed(grant, e.getCode() == 0 || e.getCode() >= 500 || e.getCode() == 429, e);
    }
  }

  /**
   * Whether the exchange itself said no (RFC 6749, section 5.2; RFC 8693, section 2.2.2). The
   * library tells its words, not its status; all else is trouble on the way, which may pass.
   */
  private static boolean isFinal(IOException e) {
    return REFUSALS.stream().anyMatch(code -> e.getMessage().startsWith("Error code " + code));
  }

  private AccessToken obtain(Grant grant) {
    var begin = System.nanoTime();
    try {
      var token =
          switch (grant) {
            case Grant.Account account -> exchange.of(account);
            case Grant.Folder folder -> exchange.of(folder);
          };
      count("obtained");
      LOG.infof(
          "phase=bucket-token %s until %s millis=%d",
          grant,
          token.getExpirationTime().toInstant(),
          Duration.ofNanos(System.nanoTime() - begin).toMillis());
      return token;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (KubernetesClientException e) {
      throw e;
    } catch (RuntimeException e) {
      // The library's way to say that the answer was none of OAuth's: null pointers, casts.
      throw new UncheckedIOException(
          new IOException(
              "the token exchange gave no answer that makes sense (%s)".formatted(e), e));
    }
  }

  private BucketTokenException failed(Grant grant, boolean passing, Exception e) {
    count("failed");
    var why = e.getMessage();
    LOG.warnf("phase=bucket-token %s: %s", grant, why);
    return new BucketTokenException(
        passing,
        switch (grant) {
          case Grant.Account account ->
              "no token for the bucket in the name of %s: %s; see the workload identity provider's attribute mapping and the audience of its tokens"
                  .formatted(account, why);
          case Grant.Folder folder ->
              "no token for the %s: %s; see the controller's own credentials"
                  .formatted(folder, why);
        },
        e);
  }

  private void count(String result) {
    metrics.counter("podsnapshot_bucket_tokens_total", "result", result).increment();
  }
}
