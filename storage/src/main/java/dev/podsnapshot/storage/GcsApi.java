package dev.podsnapshot.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.auth.Retryable;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import dev.podsnapshot.storage.http.BodyException;
import dev.podsnapshot.storage.http.HttpAnswer;
import dev.podsnapshot.storage.http.HttpPool;
import dev.podsnapshot.storage.http.HttpRequest;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.NoSuchAlgorithmException;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Requests to Cloud Storage's JSON API, and what its refusals mean. */
@ApplicationScoped
class GcsApi {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int CONTROL_TRIES = 4;
  private static final long CONTROL_PAUSE_MILLIS = 200;

  private final HttpPool http;
  private final AccessToken token;

  @Inject
  GcsApi(StorageConfig config) throws NoSuchAlgorithmException {
    this(config, SSLContext.getDefault());
  }

  /**
   * @param tls whom to trust, where the server speaks https
   */
  GcsApi(StorageConfig config, SSLContext tls) {
    this.http =
        new HttpPool(
            URI.create(config.endpoint().orElse("https://storage.googleapis.com")),
            tls,
            config.stallTimeout());
    this.token = config.endpoint().isPresent() ? AccessToken.none() : AccessToken.environment();
  }

  private GcsApi(HttpPool http, AccessToken token) {
    this.http = http;
    this.token = token;
  }

  /** The same API over the same connections, asked by somebody else. */
  GcsApi as(AccessToken other) {
    return new GcsApi(http, other);
  }

  /**
   * An answer, whatever it says.
   *
   * @param what for the message of a failure: "read gs://bucket/name"
   */
  HttpAnswer send(String what, HttpRequest request) throws ObjectStoreException {
    Optional<String> authorization;
    try {
      authorization = token.authorization();
    } catch (IOException e) {
      var passing = e instanceof Retryable r && r.isRetryable();
      throw new ObjectStoreException(
          passing ? Kind.UNAVAILABLE : Kind.PERMISSION_DENIED,
          "can't %s: no credentials: %s".formatted(what, e.getMessage()),
          e);
    }
    try {
      return http.exchange(
          authorization.map(a -> request.header("Authorization", a)).orElse(request));
    } catch (BodyException e) {
      throw new ObjectStoreException(
          Kind.SOURCE, "can't %s: %s".formatted(what, e.getMessage()), e.getCause());
    } catch (IOException e) {
      throw new ObjectStoreException(Kind.UNAVAILABLE, "can't %s: %s".formatted(what, e), e);
    }
  }

  /** What a question about a bucket is answered; a store that stumbles is asked a few times. */
  JsonNode control(String what, String target) throws ObjectStoreException {
    for (var attempt = 1; ; attempt++) {
      try {
        return json(what, succeeded(what, send(what, HttpRequest.of("GET", target))));
      } catch (ObjectStoreException e) {
        if (e.kind() != Kind.UNAVAILABLE || attempt == CONTROL_TRIES) {
          throw e;
        }
        try {
          Thread.sleep(CONTROL_PAUSE_MILLIS << attempt);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw e;
        }
      }
    }
  }

  static HttpAnswer succeeded(String what, HttpAnswer answer) throws ObjectStoreException {
    if (answer.ok()) {
      return answer;
    }
    throw new ObjectStoreException(
        kind(answer.status()),
        "can't %s: %d %s".formatted(what, answer.status(), message(answer)),
        null);
  }

  /** The API's own words, if these are any. */
  private static String message(HttpAnswer answer) {
    try {
      var message = JSON.readTree(answer.body()).path("error").path("message").asText();
      if (!message.isEmpty()) {
        return message;
      }
    } catch (IOException e) {
      // not JSON: the text itself is all there is
    }
    var text = new String(answer.body(), StandardCharsets.UTF_8).strip();
    return text.substring(0, Math.min(text.length(), 200));
  }

  private static Kind kind(int status) {
    return switch (status) {
      case 404, 410 -> Kind.NOT_FOUND;
      case 401, 403 -> Kind.PERMISSION_DENIED;
      case 412 -> Kind.PRECONDITION;
      case 408, 429, 500, 502, 503, 504 -> Kind.UNAVAILABLE;
      default -> Kind.OTHER;
    };
  }

  static JsonNode json(String what, HttpAnswer answer) throws ObjectStoreException {
    try {
      return JSON.readTree(answer.body());
    } catch (JsonProcessingException e) {
      throw new ObjectStoreException(
          Kind.UNAVAILABLE, "can't %s: the answer is no JSON".formatted(what), e);
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory", e);
    }
  }

  /** One segment of a path, or one value of a query. */
  static String escape(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
