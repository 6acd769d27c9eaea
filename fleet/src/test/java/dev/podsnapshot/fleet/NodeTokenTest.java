package dev.podsnapshot.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.podsnapshot.grpc.FleetGrpc;
import dev.podsnapshot.grpc.UploadGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeTokenTest {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  @TempDir Path directory;

  private record Config(Path token) implements FleetConfig {
    @Override
    public Path authorities() {
      return Path.of("/nowhere");
    }

    @Override
    public Duration connectTimeout() {
      return Duration.ofSeconds(1);
    }

    @Override
    public Duration silence() {
      return Duration.ZERO;
    }
  }

  /** Notes what is sent, and sends nothing. */
  private static final class Wire extends Channel {
    private Metadata sent;

    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> method, CallOptions options) {
      return new ClientCall<>() {
        @Override
        public void start(Listener<R> listener, Metadata headers) {
          sent = headers;
        }

        @Override
        public void request(int messages) {}

        @Override
        public void cancel(String message, Throwable cause) {}

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(Q message) {}
      };
    }

    @Override
    public String authority() {
      return "controller";
    }
  }

  private <Q, R> String sentWith(MethodDescriptor<Q, R> method) {
    var wire = new Wire();
    new NodeToken(new Config(directory.resolve("token")))
        .interceptCall(method, CallOptions.DEFAULT, wire)
        .start(new ClientCall.Listener<>() {}, new Metadata());
    return wire.sent.get(AUTHORIZATION);
  }

  @Test
  void onlyTheControllerIsSentTheToken() throws IOException {
    Files.writeString(directory.resolve("token"), "t\n");
    assertEquals("Bearer t", sentWith(FleetGrpc.getMatchMethod()));
    assertNull(sentWith(UploadGrpc.getStoreMethod()));
  }

  @Test
  void theTokenOfTheMomentIsSent() throws IOException {
    assertNull(sentWith(FleetGrpc.getMatchMethod()), "kubelet has written none");
    Files.writeString(directory.resolve("token"), "first");
    assertEquals("Bearer first", sentWith(FleetGrpc.getMatchMethod()));
    Files.writeString(directory.resolve("token"), "second");
    assertEquals("Bearer second", sentWith(FleetGrpc.getMatchMethod()));
  }
}
