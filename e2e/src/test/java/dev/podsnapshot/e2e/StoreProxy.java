package dev.podsnapshot.e2e;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/**
 * Stands in front of the local object-store server and answers as Cloud Storage does where that
 * server has no such property: bucket metadata, permissions, refusals. Everything else goes through
 * untouched. Forms of the answers: Cloud Storage JSON API, "Buckets: get", "Buckets:
 * testIamPermissions", "HTTP status and error codes".
 */
final class StoreProxy implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern BUCKET = Pattern.compile("^/storage/v1/b/([^/]+)$");
  private static final Pattern PERMISSIONS =
      Pattern.compile("^/storage/v1/b/([^/]+)/iam/testPermissions$");
  private static final Set<String> NOT_FORWARDED =
      Set.of("host", "connection", "content-length", "expect", "upgrade", "transfer-encoding");

  /** Where the proxy is seen from the node and its Pods. */
  static final String HOST = "10.87.0.1";

  private final String store;
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private volatile JsonNode bucketProperties = JSON.createObjectNode();
  private volatile Set<String> denied = Set.of();
  private volatile Refusal refusal = new Refusal(0, "", "");
  private volatile Guard guard = (method, path, authorization) -> true;

  /** Who may do what, as the bucket's IAM has it. */
  interface Guard {
    /**
     * @param authorization the header; null if there is none
     */
    boolean allows(String method, String path, String authorization);
  }

  /** Requests whose method and path match are answered with this status. */
  private record Refusal(int status, String method, String path) {
    boolean meets(HttpExchange exchange) {
      return status != 0
          && exchange.getRequestMethod().matches(method)
          && exchange.getRequestURI().getRawPath().matches(path);
    }
  }

  StoreProxy(String store) throws IOException {
    this.store = store;
    server = HttpServer.create(new InetSocketAddress(HOST, 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  String endpoint() {
    return "http://%s:%d".formatted(HOST, server.getAddress().getPort());
  }

  /** The bucket has these properties beside its own. */
  void bucket(String json) throws IOException {
    bucketProperties = JSON.readTree(json);
  }

  /** These permissions are not granted; all others are. */
  void deny(String... permissions) {
    denied = Set.of(permissions);
  }

  void guard(Guard next) {
    guard = next;
  }

  void refuse(int status, String method, String path) {
    refusal = new Refusal(status, method, path);
  }

  void obey() {
    refusal = new Refusal(0, "", "");
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      var path = exchange.getRequestURI().getRawPath();
      if (refusal.meets(exchange)) {
        refuse(exchange, refusal.status, "refused for the test");
      } else if (!guard.allows(
          exchange.getRequestMethod(),
          path,
          exchange.getRequestHeaders().getFirst("Authorization"))) {
        exchange.getRequestBody().readAllBytes();
        refuse(exchange, 403, "the caller does not have storage.objects access");
      } else if (PERMISSIONS.matcher(path).matches()) {
        answer(exchange, 200, permissions(exchange));
      } else {
        forward(exchange, BUCKET.matcher(path).matches());
      }
    }
  }

  private static void refuse(HttpExchange exchange, int status, String why) throws IOException {
    var text =
        "{\"error\":{\"code\":%d,\"message\":\"%s\",\"errors\":[{\"reason\":\"%s\",\"message\":\"%s\"}]}}"
            .formatted(status, why, status == 403 ? "forbidden" : "backendError", why);
    answer(exchange, status, text.getBytes());
  }

  private byte[] permissions(HttpExchange exchange) throws IOException {
    var granted = JSON.createObjectNode().put("kind", "storage#testIamPermissionsResponse");
    var list = granted.putArray("permissions");
    for (var part : exchange.getRequestURI().getQuery().split("&")) {
      if (part.startsWith("permissions=") && !denied.contains(part.substring(12))) {
        list.add(part.substring(12));
      }
    }
    return JSON.writeValueAsBytes(granted);
  }

  private void forward(HttpExchange exchange, boolean isBucket) throws IOException {
    var request =
        HttpRequest.newBuilder(URI.create(store + exchange.getRequestURI()))
            .method(
                exchange.getRequestMethod(),
                HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
    exchange
        .getRequestHeaders()
        .forEach(
            (name, values) -> {
              // A body that is rewritten must not be compressed.
              if (!NOT_FORWARDED.contains(name.toLowerCase())
                  && !name.equalsIgnoreCase("accept-encoding")) {
                values.forEach(value -> request.header(name, value));
              }
            });
    try {
      var reply = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      reply
          .headers()
          .map()
          .forEach(
              (name, values) -> {
                if (!NOT_FORWARDED.contains(name.toLowerCase()) && !name.startsWith(":")) {
                  exchange.getResponseHeaders().put(name, List.copyOf(values));
                }
              });
      var body = reply.body();
      if (isBucket
          && exchange.getRequestMethod().equals("GET")
          && reply.statusCode() == 200
          && JSON.readTree(body) instanceof ObjectNode bucket) {
        bucket.setAll((ObjectNode) bucketProperties);
        body = JSON.writeValueAsBytes(bucket);
      }
      answer(exchange, reply.statusCode(), body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void answer(HttpExchange exchange, int status, byte[] body) throws IOException {
    if (!exchange.getResponseHeaders().containsKey("Content-Type")) {
      exchange.getResponseHeaders().set("Content-Type", "application/json");
    }
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    if (body.length > 0) {
      exchange.getResponseBody().write(body);
    }
  }
}
