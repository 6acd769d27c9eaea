package dev.podsnapshot.e2e;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.api.model.authentication.TokenReviewBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;

/**
 * A security token service: takes a ServiceAccount's token, has the cluster say whose it is, and
 * gives an access token for it. Forms: RFC 8693, as Google's service has them.
 */
final class TokenService implements AutoCloseable {
  static final String PROVIDER =
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/e2e/providers/local";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ACCOUNT = "system:serviceaccount:";

  private final KubernetesClient cluster;
  private final HttpServer server;

  /** By access token: whose it is, {@code namespace/account}. */
  private final Map<String, String> principals = new ConcurrentHashMap<>();

  TokenService(KubernetesClient cluster) throws IOException {
    this.cluster = cluster;
    server = HttpServer.create(new InetSocketAddress(StoreProxy.HOST, 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/token", this::exchange);
    server.start();
  }

  String endpoint() {
    return "http://%s:%d".formatted(StoreProxy.HOST, server.getAddress().getPort());
  }

  /** Whose token a request shows. */
  Optional<String> principal(String authorization) {
    return Optional.ofNullable(authorization)
        .filter(a -> a.startsWith("Bearer "))
        .map(a -> principals.get(a.substring("Bearer ".length())));
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void exchange(HttpExchange exchange) throws IOException {
    try (exchange) {
      var form = new HashMap<String, String>();
      var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      for (var pair : body.split("&")) {
        var at = pair.indexOf('=');
        form.put(pair.substring(0, at), decode(pair.substring(at + 1)));
      }
      var principal =
          PROVIDER.equals(form.get("audience"))
              ? account(form.getOrDefault("subject_token", ""))
              : Optional.<String>empty();
      var answer = JSON.createObjectNode();
      if (principal.isPresent()) {
        var token = UUID.randomUUID().toString();
        principals.put(token, principal.get());
        answer
            .put("access_token", token)
            .put("issued_token_type", "urn:ietf:params:oauth:token-type:access_token")
            .put("token_type", "Bearer")
            .put("expires_in", 3600);
      } else {
        answer
            .put("error", "invalid_grant")
            .put("error_description", "the provider does not know the token's issuer or audience");
      }
      var bytes = JSON.writeValueAsBytes(answer);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(principal.isPresent() ? 200 : 400, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  /** The provider checks the signature; here the cluster that made it does. */
  private Optional<String> account(String token) {
    var status =
        cluster
            .authentication()
            .v1()
            .tokenReviews()
            .create(
                new TokenReviewBuilder()
                    .withNewSpec()
                    .withToken(token)
                    .withAudiences("https:" + PROVIDER)
                    .endSpec()
                    .build())
            .getStatus();
    return Boolean.TRUE.equals(status.getAuthenticated())
        ? Optional.of(status.getUser().getUsername().substring(ACCOUNT.length()).replace(':', '/'))
        : Optional.empty();
  }

  private static String decode(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }
}
