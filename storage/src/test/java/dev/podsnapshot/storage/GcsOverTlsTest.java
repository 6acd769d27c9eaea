package dev.podsnapshot.storage;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.Socket;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** As {@link GcsObjectStoreTest}, over https. */
class GcsOverTlsTest extends ObjectStoreConformance {
  @TempDir static Path folder;

  private static FakeGcs server;
  private static ObjectStore store;

  @BeforeAll
  static void start() throws Exception {
    var program = FakeGcs.program();
    assumeTrue(program.isPresent(), "no fake-gcs-server: local/cluster up builds it");
    server = FakeGcs.start(program.get(), folder, BUCKET, "https");
    var tls = SSLContext.getInstance("TLS");
    tls.init(null, new TrustManager[] {new Credulous()}, null);
    store = Stores.at(server.endpoint(), Duration.ofSeconds(60), tls);
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  ObjectStore store() {
    return store;
  }

  @Override
  boolean composeHasConditions() {
    return false;
  }

  /** The server's certificate is its own. */
  private static final class Credulous extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
