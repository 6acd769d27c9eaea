package dev.podsnapshot.restorer;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jboss.logging.Logger;

/** The socket on which the hook asks: one connection, one line, one answer. */
@ApplicationScoped
class HookServer {
  private static final Logger LOG = Logger.getLogger(HookServer.class);

  private final RestorerConfig config;
  private final Restorations restorations;
  private ServerSocketChannel server;

  HookServer(RestorerConfig config, Restorations restorations) {
    this.config = config;
    this.restorations = restorations;
  }

  void start(@Observes StartupEvent event) throws IOException {
    var path = config.hookSocket();
    Files.createDirectories(path.getParent());
    Files.deleteIfExists(path);
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    Thread.ofPlatform().daemon().name("hook-socket").start(this::accept);
    LOG.infof("hook socket %s is open", path);
  }

  void stop(@Observes ShutdownEvent event) throws IOException {
    server.close();
    Files.deleteIfExists(config.hookSocket());
  }

  private void accept() {
    while (server.isOpen()) {
      try {
        var client = server.accept();
        Thread.ofVirtual().name("hook").start(() -> serve(client));
      } catch (ClosedChannelException e) {
        return;
      } catch (IOException e) {
        LOG.errorf(e, "hook socket");
      }
    }
  }

  private void serve(SocketChannel client) {
    try (client) {
      var line =
          new BufferedReader(
                  new InputStreamReader(Channels.newInputStream(client), StandardCharsets.UTF_8))
              .readLine();
      if (line != null) {
        var answer = restorations.answer(List.of(line.split("\t", -1))) + "\n";
        client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
      }
    } catch (IOException e) {
      LOG.debugf("the hook went away: %s", e.toString());
    }
  }
}
