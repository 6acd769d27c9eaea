package dev.podsnapshot.controller.identity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.controller.FleetProfile;
import dev.podsnapshot.fleet.ControllerTrust;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.quarkus.test.kubernetes.client.WithKubernetesTestServer;
import jakarta.inject.Inject;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The running server shows what the Secret holds. */
@QuarkusTest
@TestProfile(FleetProfile.class)
@WithKubernetesTestServer
class ServingCertificateTest {
  private static final String SECRET = "podsnapshot-controller-tls";

  @Inject KubernetesClient client;
  @Inject ServingCertificate certificate;

  @ConfigProperty(name = "quarkus.grpc.server.test-port")
  int port;

  @TempDir Path directory;

  @BeforeEach
  void refresh() {
    certificate.refresh(Instant.now());
  }

  /** The serial of what the server shows to a node that trusts what is published now. */
  private BigInteger shown() throws Exception {
    var authorities = directory.resolve("ca.crt");
    Files.writeString(authorities, published());
    var context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new ControllerTrust(authorities)}, null);
    try (var socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
      socket.startHandshake();
      return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber();
    }
  }

  private String published() {
    return client.configMaps().withName("podsnapshot-ca").get().getData().get("ca.crt");
  }

  private Map<String, String> kept() {
    return client.secrets().withName(SECRET).get().getData();
  }

  @Test
  void nothingIsWrittenWhileNothingIsDue() throws Exception {
    var before = client.secrets().withName(SECRET).get();
    var serial = shown();
    refresh();
    assertEquals(before, client.secrets().withName(SECRET).get());
    assertEquals(serial, shown());
  }

  @Test
  void aCertificateIsRenewedBeneathTheRunningServer() throws Exception {
    var serial = shown();
    var authorities = published();
    client
        .secrets()
        .withName(SECRET)
        .edit(
            s -> {
              s.getData().keySet().removeIf(key -> key.startsWith("tls."));
              return s;
            });
    refresh();
    assertNotEquals(serial, shown());
    assertEquals(authorities, published(), "nodes need to learn nothing");
    assertTrue(certificate.isShown());
  }

  @Test
  void aLostSecretIsMadeAnew() throws Exception {
    var authorities = published();
    client.secrets().withName(SECRET).delete();
    refresh();
    assertNotEquals(authorities, published());
    shown();
  }

  @Test
  void aBrokenSecretIsMadeAnew() throws Exception {
    client
        .secrets()
        .withName(SECRET)
        .edit(
            s -> {
              s.getData().put("ca-0.key", "AAAA");
              return s;
            });
    refresh();
    assertNotEquals("AAAA", kept().get("ca-0.key"));
    shown();
  }

  @Test
  void aForgedAuthorityIsNotLeftPublished() {
    client
        .configMaps()
        .withName("podsnapshot-ca")
        .edit(
            m -> {
              m.setData(Map.of("ca.crt", "forged"));
              return m;
            });
    refresh();
    assertTrue(published().startsWith("-----BEGIN CERTIFICATE-----"));
  }
}
