package dev.podsnapshot.fleet;

import dev.podsnapshot.grpc.FleetGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.quarkus.grpc.GlobalInterceptor;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import org.jboss.logging.Logger;

/**
 * Says on every call to the controller, and to nobody else, which node calls. The token's file is
 * read anew for each: kubelet replaces it while it is valid for some time yet, and calls are few.
 */
@GlobalInterceptor
@ApplicationScoped
public class NodeToken implements ClientInterceptor {
  private static final Logger LOG = Logger.getLogger(NodeToken.class);
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private final FleetConfig config;

  NodeToken(FleetConfig config) {
    this.config = config;
  }

  @Override
  public <Q, R> ClientCall<Q, R> interceptCall(
      MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    var call = next.newCall(method, options);
    if (!FleetGrpc.SERVICE_NAME.equals(method.getServiceName())) {
      return call;
    }
    return new SimpleForwardingClientCall<>(call) {
      @Override
      public void start(Listener<R> listener, Metadata headers) {
        try {
          headers.put(AUTHORIZATION, "Bearer " + Files.readString(config.token()).strip());
        } catch (IOException e) {
          // The controller then refuses the call, and says what it lacks.
          LOG.warnf("phase=token this node's token can't be read: %s", e);
        }
        super.start(listener, headers);
      }
    };
  }
}
