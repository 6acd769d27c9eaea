package dev.podsnapshot.controller.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.GoogleCredentials;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotStorageConfigSpec.TokenSource;
import dev.podsnapshot.grpc.Location;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that is both the cluster's API and the token exchange, by real requests. */
class BucketTokensTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String PROVIDER =
      "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p";

  private HttpServer server;
  private KubernetesClient client;
  private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

  /** What the exchange was asked, in order. */
  private final List<Map<String, String>> exchanged = new CopyOnWriteArrayList<>();

  private volatile int accountStatus = 201;
  private volatile int exchangeStatus = 200;
  private volatile int lifeSeconds = 3600;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/api/v1/", this::accountToken);
    server.createContext("/v1/token", this::exchange);
    server.start();
    client =
        new KubernetesClientBuilder()
            .withConfig(
                new ConfigBuilder()
                    .withMasterUrl(url())
                    .withRequestRetryBackoffLimit(0)
                    .withAutoConfigure(false)
                    .build())
            .build();
  }

  @AfterEach
  void stop() {
    client.close();
    server.stop(0);
  }

  private String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The account's token says whose it is and for whom. */
  private void accountToken(HttpExchange exchange) throws IOException {
    var request = JSON.readTree(exchange.getRequestBody());
    var path = exchange.getRequestURI().getPath();
    answer(
        exchange,
        accountStatus,
        accountStatus == 201
            ? Map.of(
                "apiVersion",
                "authentication.k8s.io/v1",
                "kind",
                "TokenRequest",
                "status",
                Map.of(
                    "token",
                    path + " for " + request.at("/spec/audiences/0").asText(),
                    "expirationTimestamp",
                    Instant.now().plusSeconds(600).toString()))
            : Map.of("kind", "Status", "code", accountStatus, "message", "no such account"));
  }

  private void exchange(HttpExchange exchange) throws IOException {
    var form = new HashMap<String, String>();
    for (var pair : new String(exchange.getRequestBody().readAllBytes()).split("&")) {
      var at = pair.indexOf('=');
      form.put(
          pair.substring(0, at), URLDecoder.decode(pair.substring(at + 1), StandardCharsets.UTF_8));
    }
    exchanged.add(form);
    answer(
        exchange,
        exchangeStatus,
        exchangeStatus == 200
            ? Map.of(
                "access_token",
                "token-" + exchanged.size(),
                "issued_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
                "token_type",
                "Bearer",
                "expires_in",
                lifeSeconds)
            : Map.of("error", "invalid_grant", "error_description", "the provider says no"));
  }

  private static void answer(HttpExchange exchange, int status, Object body) throws IOException {
    try (exchange) {
      var bytes = JSON.writeValueAsBytes(body);
      exchange.getResponseHeaders().set("Content-Type", "application/json");
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private BucketAccessConfig config(Optional<String> provider) {
    return new BucketAccessConfig() {
      @Override
      public Optional<String> provider() {
        return provider;
      }

      @Override
      public Optional<String> tokenAudience() {
        return Optional.empty();
      }

      @Override
      public boolean federated() {
        return false;
      }

      @Override
      public Optional<URI> exchange() {
        return Optional.of(URI.create(url()));
      }
    };
  }

  private BucketTokens tokens() {
    var config = config(Optional.of(PROVIDER));
    return new BucketTokens(config, new TokenExchange(client, config), metrics);
  }

  private static PodSnapshot snapshot(String account) {
    var snapshot = new PodSnapshot();
    snapshot.setMetadata(
        new ObjectMetaBuilder()
            .withNamespace("ns")
            .withName("snapshot")
            .addToAnnotations(PodSnapshotApi.SERVICE_ACCOUNT, account)
            .addToAnnotations(PodSnapshotApi.TOKEN_SOURCE, "podKSA")
            .build());
    return snapshot;
  }

  @Test
  void anAccountsTokenIsExchangedForOneOfTheBucket() throws Exception {
    assertEquals("token-1", tokens().forUpload(snapshot("owner")));
    var request = exchanged.getFirst();
    assertEquals("urn:ietf:params:oauth:grant-type:token-exchange", request.get("grant_type"));
    assertEquals("urn:ietf:params:oauth:token-type:jwt", request.get("subject_token_type"));
    assertEquals(PROVIDER, request.get("audience"));
    assertEquals("https://www.googleapis.com/auth/devstorage.read_write", request.get("scope"));
    assertEquals(
        "/api/v1/namespaces/ns/serviceaccounts/owner/token for https:" + PROVIDER,
        request.get("subject_token"));
  }

  @Test
  void aPodReadsInItsOwnNameNotInThatOfTheSavedOne() throws Exception {
    var pod = new PodBuilder().withNewSpec().withServiceAccountName("reader").endSpec().build();
    tokens().forDownload(pod, snapshot("owner"));
    assertTrue(exchanged.getFirst().get("subject_token").contains("/serviceaccounts/reader/"));
  }

  @Test
  void aTokenThatIsGoodForAWhileIsHandedOutAgain() throws Exception {
    var tokens = tokens();
    assertEquals("token-1", tokens.forUpload(snapshot("owner")));
    assertEquals("token-1", tokens.forUpload(snapshot("owner")));
    assertEquals("token-2", tokens.forUpload(snapshot("other")));
    lifeSeconds = 1700; // less than half an hour
    assertEquals("token-3", tokens.forUpload(snapshot("third")));
    assertEquals("token-4", tokens.forUpload(snapshot("third")));
  }

  @Test
  void aProviderThatRefusesIsHeardAndAskedAgainNextTime() throws Exception {
    var tokens = tokens();
    exchangeStatus = 400;
    var e = assertThrows(BucketTokenException.class, () -> tokens.forUpload(snapshot("owner")));
    assertFalse(e.passing());
    assertTrue(e.getMessage().contains("ServiceAccount ns/owner"), e.getMessage());
    assertTrue(e.getMessage().contains("the provider says no"), e.getMessage());
    exchangeStatus = 200;
    assertEquals("token-2", tokens.forUpload(snapshot("owner")));
  }

  @Test
  void whatMayPassIsToldFromWhatMayNot() {
    accountStatus = 404;
    assertFalse(
        assertThrows(BucketTokenException.class, () -> tokens().forUpload(snapshot("owner")))
            .passing());
    accountStatus = 503;
    assertTrue(
        assertThrows(BucketTokenException.class, () -> tokens().forUpload(snapshot("owner")))
            .passing());
    accountStatus = 201;
    for (var body :
        List.<Object>of(
            Map.of(),
            Map.of("error", Map.of("code", 503, "message", "try again")),
            Map.of("error", "temporarily_unavailable", "error_description", "try again"),
            "no object")) {
      server.removeContext("/v1/token");
      server.createContext("/v1/token", exchange -> answer(exchange, 503, body));
      assertTrue(
          assertThrows(BucketTokenException.class, () -> tokens().forUpload(snapshot("owner")))
              .passing(),
          body.toString());
    }
  }

  @Test
  void withoutAProviderNothingIsInEffect() {
    var config = config(Optional.empty());
    var none = new BucketTokens(config, new TokenExchange(client, config), metrics);
    assertFalse(none.inEffect(TokenSource.POD_KSA));
    assertFalse(none.inEffect(TokenSource.FEDERATED_P4SA));
    assertTrue(tokens().inEffect(snapshot("owner")));
  }

  @Test
  void aNarrowedTokenOpensOneFolder() throws Exception {
    var central =
        GoogleCredentials.create(
            new AccessToken("central", Date.from(Instant.now().plusSeconds(3600))));
    var location = Location.newBuilder().setBucket("b").setPrefix("it's/id/").build();
    var exchange = new TokenExchange(client, config(Optional.empty()));
    assertEquals("token-1", exchange.of(new Grant.Folder(location, true), central).getTokenValue());
    assertEquals("central", exchanged.getFirst().get("subject_token"));
    var rules =
        JSON.readTree(exchanged.getFirst().get("options"))
            .at("/accessBoundary/accessBoundaryRules");
    assertEquals(2, rules.size());
    assertEquals(
        "//storage.googleapis.com/projects/_/buckets/b", rules.at("/0/availableResource").asText());
    assertEquals("inRole:roles/storage.objectUser", rules.at("/0/availablePermissions/0").asText());
    assertEquals(
        "resource.name.startsWith('projects/_/buckets/b/objects/it\\'s/id/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('it\\'s/id/')",
        rules.at("/0/availabilityCondition/expression").asText());

    exchange.of(new Grant.Folder(location, false), central);
    var reading =
        JSON.readTree(exchanged.getLast().get("options")).at("/accessBoundary/accessBoundaryRules");
    assertEquals(1, reading.size());
    assertEquals(
        "inRole:roles/storage.objectViewer", reading.at("/0/availablePermissions/0").asText());
  }
}
