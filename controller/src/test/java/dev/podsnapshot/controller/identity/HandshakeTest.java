package dev.podsnapshot.controller.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.podsnapshot.fleet.ControllerTrust;
import io.grpc.util.AdvancedTlsX509KeyManager;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The node's trust against the controller's certificate, in real handshakes. */
class HandshakeTest {
  private static final String NAME = "podsnapshot-controller.podsnapshot-system";
  private static final Credentials.Lives LIVES =
      new Credentials.Lives(Duration.ofDays(730), Duration.ofDays(1), Duration.ofDays(30));

  @TempDir Path directory;
  private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
  private Path authorities;
  private SSLServerSocket server;
  private Credentials credentials;

  @BeforeEach
  void serve() throws IOException, GeneralSecurityException {
    authorities = directory.resolve("ca.crt");
    credentials = Credentials.NONE.at(Instant.now(), List.of(NAME), LIVES);
    show(credentials);
    var context = SSLContext.getInstance("TLS");
    context.init(new KeyManager[] {keys}, null, null);
    server =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  private void accept() {
    while (!server.isClosed()) {
      try (var client = server.accept()) {
        client.getOutputStream().write('k');
      } catch (IOException e) {
        // a client that does not trust this server goes away
      }
    }
  }

  @AfterEach
  void close() throws IOException {
    server.close();
  }

  private void show(Credentials shown) {
    var serving = shown.serving().orElseThrow();
    keys.updateIdentityCredentials(new X509Certificate[] {serving.certificate()}, serving.key());
  }

  /** The serial of the certificate that was accepted. */
  private BigInteger shake(String host) throws IOException, GeneralSecurityException {
    var context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new ControllerTrust(authorities)}, null);
    var plain = new Socket(InetAddress.getLoopbackAddress(), server.getLocalPort());
    try (var socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, host, server.getLocalPort(), true)) {
      var parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      socket.setSSLParameters(parameters);
      assertEquals('k', socket.getInputStream().read());
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
    }
  }

  @Test
  void aNodeTrustsTheControllerOncePublished() throws Exception {
    assertThrows(SSLException.class, () -> shake(NAME), "nothing is published yet");
    Files.writeString(authorities, credentials.trusted());
    assertEquals(serial(credentials), shake(NAME));
  }

  @Test
  void anotherAuthorityIsNotTrusted() throws Exception {
    Files.writeString(
        authorities, Credentials.NONE.at(Instant.now(), List.of(NAME), LIVES).trusted());
    assertThrows(SSLException.class, () -> shake(NAME));
    Files.writeString(authorities, "");
    assertThrows(SSLException.class, () -> shake(NAME));
  }

  @Test
  void anotherNameIsNotTrusted() throws Exception {
    Files.writeString(authorities, credentials.trusted());
    assertThrows(SSLException.class, () -> shake("podsnapshot-controller.elsewhere"));
  }

  @Test
  void aRenewedCertificateIsShownAndTrustedWithoutARestart() throws Exception {
    Files.writeString(authorities, credentials.trusted());
    var before = shake(NAME);
    var ca = credentials.authorities().getFirst();
    show(
        new Credentials(
            credentials.authorities(),
            Optional.of(ca.issue(List.of(NAME), Instant.now(), LIVES.serving()))));
    assertNotEquals(before, shake(NAME));
  }

  @Test
  void anAuthorityIsReplacedWithoutAMomentOfDistrust() throws Exception {
    Files.writeString(authorities, credentials.trusted());
    var young = Credential.authority(Instant.now(), LIVES.authority());
    var both = List.of(credentials.authorities().getFirst(), young);
    shake(NAME); // while only the old one is known
    Files.writeString(authorities, new Credentials(both, credentials.serving()).trusted());
    shake(NAME); // while both are, and the old one's certificate is shown
    var next =
        new Credentials(
            both, Optional.of(young.issue(List.of(NAME), Instant.now(), LIVES.serving())));
    show(next);
    assertEquals(serial(next), shake(NAME));
  }

  private static BigInteger serial(Credentials credentials) {
    return credentials.serving().orElseThrow().certificate().getSerialNumber();
  }
}
