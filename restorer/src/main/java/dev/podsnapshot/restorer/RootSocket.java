package dev.podsnapshot.restorer;

import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Optional;
import jdk.net.ExtendedSocketOptions;
import org.jboss.logging.Logger;

/**
 * A Unix socket that hears root alone: who asks there may choose what runs in a Pod. The file's
 * mode keeps others out, and the kernel's word on each peer does if the mode is changed.
 */
final class RootSocket implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(RootSocket.class);

  /** Reads a question; empty: it was none, and gets no answer. */
  interface Answering {
    Optional<String> answer(InputStream question) throws IOException;
  }

  private final Path path;
  private final ServerSocketChannel server;
  private final Answering answering;
  private final Runnable refused;
  private final UserPrincipal root;

  private RootSocket(Path path, ServerSocketChannel server, Answering answering, Runnable refused)
      throws IOException {
    this.path = path;
    this.server = server;
    this.answering = answering;
    this.refused = refused;
    // By number: principals are equal if their numbers are, whatever a passwd file calls them.
    this.root = FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName("0");
  }

  /**
   * @param refused runs for each peer that is not root
   */
  static RootSocket open(Path path, Answering answering, Runnable refused) throws IOException {
    Files.createDirectories(path.getParent());
    Files.deleteIfExists(path);
    var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path));
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    var socket = new RootSocket(path, server, answering, refused);
    Thread.ofPlatform().daemon().name("hook-socket").start(socket::accept);
    return socket;
  }

  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
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
      var peer = client.getOption(ExtendedSocketOptions.SO_PEERCRED).user();
      if (!peer.equals(root)) {
        LOG.warnf("the hook socket hears root only, not %s", peer.getName());
        refused.run();
        return;
      }
      var answer = answering.answer(Channels.newInputStream(client));
      if (answer.isPresent()) {
        client.write(ByteBuffer.wrap((answer.get() + "\n").getBytes(StandardCharsets.UTF_8)));
      }
    } catch (IOException e) {
      LOG.debugf("the hook went away: %s", e.toString());
    }
  }
}
