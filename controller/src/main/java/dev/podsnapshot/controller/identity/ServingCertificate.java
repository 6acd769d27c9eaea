package dev.podsnapshot.controller.identity;

import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jboss.logging.Logger;

/**
 * Keeps the controller's credentials in a Secret, publishes its authorities and shows the
 * certificate of the moment at each handshake. All replicas serve what the Secret holds; whichever
 * sees first that something is due renews it, the others' writes conflict and they read again.
 */
@ApplicationScoped
public class ServingCertificate {
  private static final Logger LOG = Logger.getLogger(ServingCertificate.class);
  private static final Duration RETRY = Duration.ofSeconds(2);
  private static final String AUTHORITIES = "ca.crt";

  private final KubernetesClient client;
  private final IdentityConfig config;
  private final AdvancedTlsX509KeyManager keys = new AdvancedTlsX509KeyManager();
  private volatile Optional<Credential> shown = Optional.empty();
  private Thread upkeep;

  public ServingCertificate(KubernetesClient client, IdentityConfig config, MeterRegistry metrics) {
    this.client = client;
    this.config = config;
    metrics.gauge(
        "podsnapshot_certificate_seconds_left",
        this,
        c ->
            c.shown
                .map(s -> (double) Duration.between(Instant.now(), s.end()).toSeconds())
                .orElse(0.0));
  }

  void start(@Observes StartupEvent event) {
    upkeep = Thread.ofVirtual().name("serving-certificate").start(this::keepUp);
  }

  void stop(@Observes ShutdownEvent event) {
    upkeep.interrupt();
  }

  /** Shows the certificate that holds when it is asked: it is renewed beneath the server. */
  X509ExtendedKeyManager keys() {
    return keys;
  }

  /** Before that nobody can call. */
  boolean isShown() {
    return shown.isPresent();
  }

  private void keepUp() {
    while (true) {
      try {
        Thread.sleep(tryRefresh() ? config.interval() : RETRY);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private boolean tryRefresh() {
    try {
      refresh(Instant.now());
      return true;
    } catch (RuntimeException e) {
      LOG.warnf("phase=certificate tried again in %s: %s", RETRY, e.toString());
      return false;
    }
  }

  /**
   * Brings Secret, ConfigMap and the shown certificate to what should be there now, one at a time.
   */
  synchronized void refresh(Instant now) {
    var secret = client.secrets().inNamespace(namespace()).withName(config.secret()).get();
    var found = read(secret);
    var lives =
        new Credentials.Lives(
            config.authorityLife(), config.authorityNotice(), config.servingLife());
    var wanted = found.at(now, names(), lives);
    if (!wanted.equals(found)) {
      write(secret == null ? newSecret() : secret, wanted);
    }
    publish(wanted.trusted());
    // Only now: whoever is shown it can know its authority.
    if (!wanted.serving().equals(shown)) {
      var serving = wanted.serving().orElseThrow();
      keys.updateIdentityCredentials(new X509Certificate[] {serving.certificate()}, serving.key());
      shown = wanted.serving();
      LOG.infof(
          "phase=certificate serial=%s valid until %s, %d authorities",
          serving.certificate().getSerialNumber().toString(16),
          serving.end(),
          wanted.authorities().size());
    }
  }

  private String namespace() {
    return Optional.ofNullable(client.getNamespace()).orElse("default");
  }

  private List<String> names() {
    var service = config.service();
    var names =
        new ArrayList<>(
            List.of(
                "%s.%s".formatted(service, namespace()),
                "%s.%s.svc".formatted(service, namespace()),
                "%s.%s.svc.cluster.local".formatted(service, namespace()),
                service));
    config.serverNames().ifPresent(names::addAll);
    return names;
  }

  private static Credentials read(Secret secret) {
    if (secret == null || secret.getData() == null) {
      return Credentials.NONE;
    }
    try {
      return Credentials.parse(
          secret.getData().entrySet().stream()
              .collect(
                  Collectors.toMap(
                      Map.Entry::getKey,
                      e ->
                          new String(
                              Base64.getDecoder().decode(e.getValue()),
                              StandardCharsets.US_ASCII))));
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      LOG.errorf(
          "phase=certificate the Secret %s can't be read, all of it is made anew: %s",
          secret.getMetadata().getName(), e);
      return Credentials.NONE;
    }
  }

  private Secret newSecret() {
    return new SecretBuilder()
        .withNewMetadata()
        .withName(config.secret())
        .withNamespace(namespace())
        .endMetadata()
        .withType("Opaque")
        .build();
  }

  private void write(Secret secret, Credentials credentials) {
    secret.setData(
        credentials.toData().entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    e ->
                        Base64.getEncoder()
                            .encodeToString(e.getValue().getBytes(StandardCharsets.US_ASCII)))));
    createOrUpdate(secret);
  }

  private void publish(String authorities) {
    ConfigMap map =
        client.configMaps().inNamespace(namespace()).withName(config.authoritiesConfigMap()).get();
    if (map != null && Map.of(AUTHORITIES, authorities).equals(map.getData())) {
      return;
    }
    var next =
        (map == null
                ? new ConfigMapBuilder()
                    .withNewMetadata()
                    .withName(config.authoritiesConfigMap())
                    .withNamespace(namespace())
                    .endMetadata()
                : new ConfigMapBuilder(map))
            .withData(Map.of(AUTHORITIES, authorities))
            .build();
    createOrUpdate(next);
  }

  /**
   * @throws KubernetesClientException if somebody else was faster
   */
  private void createOrUpdate(HasMetadata object) {
    if (object.getMetadata().getResourceVersion() == null) {
      client.resource(object).create();
    } else {
      client.resource(object).update();
    }
  }
}
