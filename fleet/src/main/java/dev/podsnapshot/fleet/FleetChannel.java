package dev.podsnapshot.fleet;

import io.grpc.netty.NettyChannelBuilder;
import io.quarkus.arc.Unremovable;
import io.quarkus.grpc.api.ChannelBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcClientConfiguration;
import io.vertx.core.net.TrustOptions;
import io.vertx.grpc.client.GrpcClientOptions;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Makes the client {@code fleet} trust the controller's authorities, and none else, and notice when
 * the controller is not there any more.
 */
@Unremovable
@ApplicationScoped
class FleetChannel implements ChannelBuilderCustomizer<NettyChannelBuilder> {
  private static final String CLIENT = "fleet";

  private final FleetConfig config;

  FleetChannel(FleetConfig config) {
    this.config = config;
  }

  @Override
  public void customize(String name, GrpcClientConfiguration client, GrpcClientOptions options) {
    if (!CLIENT.equals(name)) {
      return;
    }
    if (client.plainText().orElse(true)) {
      throw new IllegalStateException(
          "quarkus.grpc.clients.%s.plain-text must be false: the controller speaks TLS only"
              .formatted(CLIENT));
    }
    options
        .getTransportOptions()
        .setTrustOptions(TrustOptions.wrap(new ControllerTrust(config.authorities())))
        .setVerifyHost(true)
        .setConnectTimeout((int) config.connectTimeout().toMillis())
        .setReadIdleTimeout((int) config.silence().toSeconds())
        // Where only the controller speaks; how soon is the Pod's sysctl
        // (kubernetes/base/node.yaml).
        .setTcpKeepAlive(true);
  }
}
