package dev.podsnapshot.controller.leader;

import dev.podsnapshot.controller.identity.IdentityConfig;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Whom the controller's Service leads to. It has no selector: all replicas are ready, and one may
 * be asked. A single slice with a single address is replaced in one write.
 */
@ApplicationScoped
class ServiceAddress {
  private static final Logger LOG = Logger.getLogger(ServiceAddress.class);

  private final KubernetesClient client;
  private final LeaderConfig config;
  private final IdentityConfig identity;
  private final int port;

  ServiceAddress(
      KubernetesClient client,
      LeaderConfig config,
      IdentityConfig identity,
      @ConfigProperty(name = "quarkus.grpc.server.port") int port) {
    this.client = client;
    this.config = config;
    this.identity = identity;
    this.port = port;
  }

  /** The nodes reach this replica from now on; nothing if nobody said where it is. */
  void lead() {
    config.address().ifPresent(this::lead);
  }

  /** The nodes reach nobody until another leads, and need not wait to find out. */
  void withdraw() {
    try {
      slice()
          .filter(s -> s.getEndpoints() != null)
          .filter(s -> s.getEndpoints().stream().anyMatch(this::isThis))
          .map(s -> new EndpointSliceBuilder(s).withEndpoints().build())
          .ifPresent(s -> client.resource(s).update());
    } catch (KubernetesClientException e) {
      LOG.warnf("phase=election the Service still leads here: %s", e.getMessage());
    }
  }

  private boolean isThis(Endpoint endpoint) {
    return config.address().filter(endpoint.getAddresses()::contains).isPresent();
  }

  private Optional<EndpointSlice> slice() {
    return Optional.ofNullable(
        client
            .discovery()
            .v1()
            .endpointSlices()
            .inNamespace(namespace())
            .withName(identity.service())
            .get());
  }

  private String namespace() {
    return Optional.ofNullable(client.getNamespace()).orElse("default");
  }

  private void lead(String address) {
    var found = slice();
    var next = leadingTo(address, found.map(EndpointSliceBuilder::new));
    if (found.isEmpty()) {
      client.resource(next).create();
    } else {
      client.resource(next).update();
    }
  }

  private EndpointSlice leadingTo(String address, Optional<EndpointSliceBuilder> found) {
    return found
        .orElseGet(EndpointSliceBuilder::new)
        .editOrNewMetadata()
        .withName(identity.service())
        .withNamespace(namespace())
        .addToLabels("kubernetes.io/service-name", identity.service())
        .addToLabels("endpointslice.kubernetes.io/managed-by", "podsnapshot-controller")
        .endMetadata()
        .withAddressType(address.contains(":") ? "IPv6" : "IPv4")
        .withPorts()
        .addNewPort()
        .withName("grpc")
        .withPort(port)
        .withProtocol("TCP")
        .endPort()
        .withEndpoints()
        .addNewEndpoint()
        .withAddresses(address)
        .withNewConditions()
        .withReady(true)
        .endConditions()
        .endEndpoint()
        .build();
  }
}
