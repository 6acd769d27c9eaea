package dev.podsnapshot.controller.access;

import com.google.api.client.http.HttpTransport;
import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.http.HttpTransportFactory;
import com.google.auth.oauth2.AccessToken;
import com.google.auth.oauth2.DownscopedCredentials;
import com.google.auth.oauth2.ExternalAccountCredentials.SubjectTokenTypes;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.auth.oauth2.IdentityPoolCredentials;
import io.fabric8.kubernetes.api.model.authentication.TokenRequestBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.List;

/** Obtains tokens for buckets by OAuth 2 token exchange (RFC 8693). */
@ApplicationScoped
class TokenExchange {
  private static final String STS = "https://sts.googleapis.com/v1/token";
  private static final String STORAGE_SCOPE =
      "https://www.googleapis.com/auth/devstorage.read_write";
  private static final String CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform";

  /** The API server's least; the exchange happens at once. */
  private static final long ACCOUNT_TOKEN_SECONDS = 600;

  private static final int PATIENCE_MILLIS = 5_000;

  private final KubernetesClient client;
  private final BucketAccessConfig config;

  TokenExchange(KubernetesClient client, BucketAccessConfig config) {
    this.client = client;
    this.config = config;
  }

  /**
   * @throws KubernetesClientException if the API server makes no token of the account's
   */
  AccessToken of(Grant.Account account) throws IOException {
    return IdentityPoolCredentials.newBuilder()
        .setSubjectTokenSupplier(context -> accountToken(account))
        .setSubjectTokenType(SubjectTokenTypes.JWT)
        .setAudience(config.provider().orElseThrow())
        .setTokenUrl(STS)
        .setScopes(List.of(STORAGE_SCOPE))
        .setHttpTransportFactory(transport())
        .build()
        .refreshAccessToken();
  }

  private String accountToken(Grant.Account account) {
    return client
        .serviceAccounts()
        .inNamespace(account.namespace())
        .withName(account.name())
        .tokenRequest(
            new TokenRequestBuilder()
                .withNewSpec()
                .withAudiences(
                    config.tokenAudience().orElse("https:" + config.provider().orElseThrow()))
                .withExpirationSeconds(ACCOUNT_TOKEN_SECONDS)
                .endSpec()
                .build())
        .getStatus()
        .getToken();
  }

  AccessToken of(Grant.Folder folder) throws IOException {
    return of(folder, GoogleCredentials.getApplicationDefault().createScoped(CLOUD_SCOPE));
  }

  AccessToken of(Grant.Folder folder, GoogleCredentials central) throws IOException {
    return DownscopedCredentials.newBuilder()
        .setSourceCredential(central)
        .setCredentialAccessBoundary(folder.boundary())
        .setHttpTransportFactory(transport())
        .build()
        .refreshAccessToken();
  }

  /** The library knows Google's own address only. */
  private HttpTransportFactory transport() {
    HttpTransport transport =
        new NetHttpTransport.Builder()
            .setConnectionFactory(
                url -> {
                  var target =
                      config
                          .exchange()
                          .map(server -> server.resolve(url.getPath()))
                          .orElseGet(() -> URI.create(url.toString()));
                  var connection = (HttpURLConnection) target.toURL().openConnection();
                  connection.setConnectTimeout(PATIENCE_MILLIS);
                  connection.setReadTimeout(PATIENCE_MILLIS);
                  return connection;
                })
            .build();
    return () -> transport;
  }
}
