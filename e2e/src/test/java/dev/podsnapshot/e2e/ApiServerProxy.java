package dev.podsnapshot.e2e;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Stands between a controller and the API server, adds the controller's token, and counts what it
 * writes. After a chosen write, which the API server has carried out, it does something else than
 * to answer.
 */
final class ApiServerProxy implements AutoCloseable {
  private static final Set<String> WRITES = Set.of("POST", "PUT", "PATCH", "DELETE");

  /** Questions about tokens change nothing. */
  private static final String REVIEWS = "/tokenreviews";

  /** Renewed all the time. */
  private static final String LEASES = "/leases";

  private static final Set<String> NOT_FORWARDED =
      Set.of("host", "connection", "content-length", "expect", "upgrade", "transfer-encoding");

  private final String apiServer;
  private final String token;
  private final HttpServer server;
  private final HttpClient client;
  private final AtomicInteger writesLeft = new AtomicInteger(Integer.MAX_VALUE);
  private final AtomicInteger writes = new AtomicInteger();
  private volatile Runnable then = () -> {};

  ApiServerProxy(Config cluster, String token) throws IOException, GeneralSecurityException {
    this.apiServer = cluster.getMasterUrl().replaceAll("/$", "");
    this.token = token;
    client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .sslContext(trusting(Base64.getDecoder().decode(cluster.getCaCertData())))
            .build();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Runs {@code action} instead of the answer to the nth write from now on. */
  void afterWrite(int n, Runnable action) {
    then = action;
    writes.set(0);
    writesLeft.set(n);
  }

  /** How many writes there were since {@link #afterWrite}. */
  int writes() {
    return writes.get();
  }

  @Override
  public void close() {
    server.stop(0);
    client.shutdownNow();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (exchange.getRequestHeaders().containsKey("Upgrade")) {
        exchange.sendResponseHeaders(200, -1); // no upgrade: the client then watches by plain HTTP
        return;
      }
      var request =
          HttpRequest.newBuilder(URI.create(apiServer + exchange.getRequestURI()))
              .header("Authorization", "Bearer " + token)
              .method(
                  exchange.getRequestMethod(),
                  HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes()));
      exchange
          .getRequestHeaders()
          .forEach(
              (name, values) -> {
                if (!NOT_FORWARDED.contains(name.toLowerCase())
                    && !name.equalsIgnoreCase("authorization")) {
                  values.forEach(value -> request.header(name, value));
                }
              });
      var reply = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      if (WRITES.contains(exchange.getRequestMethod())
          && !exchange.getRequestURI().getPath().endsWith(REVIEWS)
          && !exchange.getRequestURI().getPath().contains(LEASES)
          && reply.statusCode() < 300) {
        writes.incrementAndGet();
        if (writesLeft.decrementAndGet() == 0) {
          then.run();
          return;
        }
      }
      reply
          .headers()
          .map()
          .forEach(
              (name, values) -> {
                if (!NOT_FORWARDED.contains(name.toLowerCase()) && !name.startsWith(":")) {
                  exchange.getResponseHeaders().put(name, List.copyOf(values));
                }
              });
      exchange.sendResponseHeaders(reply.statusCode(), 0);
      try (var in = reply.body();
          var out = exchange.getResponseBody()) {
        var buffer = new byte[16384];
        for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          out.write(buffer, 0, n);
          out.flush();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static SSLContext trusting(byte[] ca) throws IOException, GeneralSecurityException {
    var keys = KeyStore.getInstance(KeyStore.getDefaultType());
    keys.load(null, null);
    keys.setCertificateEntry(
        "ca",
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(ca)));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(keys);
    var context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), new SecureRandom());
    return context;
  }
}
