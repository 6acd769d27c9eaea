package dev.podsnapshot.controller.identity;

import io.quarkus.arc.Unremovable;
import io.quarkus.grpc.api.ServerBuilderCustomizer;
import io.quarkus.grpc.runtime.config.GrpcServerConfiguration;
import io.vertx.core.net.KeyCertOptions;
import io.vertx.grpc.VertxServerBuilder;
import jakarta.enterprise.context.ApplicationScoped;

/** Makes the gRPC server show the {@link ServingCertificate}. */
@Unremovable
@ApplicationScoped
class TlsServer implements ServerBuilderCustomizer<VertxServerBuilder> {
  private final ServingCertificate certificate;

  TlsServer(ServingCertificate certificate) {
    this.certificate = certificate;
  }

  @Override
  public void customize(GrpcServerConfiguration config, VertxServerBuilder builder) {
    if (config.plainText()) {
      throw new IllegalStateException(
          "quarkus.grpc.server.plain-text must be false: nodes send tokens here");
    }
    builder.useSsl(options -> options.setKeyCertOptions(KeyCertOptions.wrap(certificate.keys())));
  }
}
