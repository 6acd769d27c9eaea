package dev.podsnapshot.storage.http;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A connected byte stream. Reads and writes block; {@link #close} from another thread ends them.
 */
sealed interface Transport extends Closeable {
  /** A buffer of the kind that this transport moves without a copy. */
  ByteBuffer buffer(int bytes);

  void write(ByteBuffer bytes) throws IOException;

  /** Returns -1 at the end of the stream. */
  int read(ByteBuffer into) throws IOException;

  /** Plain TCP: straight from and to memory outside the heap. */
  static Transport plain(String host, int port, Duration timeout) throws IOException {
    var channel = SocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.socket().connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      return new Plain(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  static Transport tls(SSLContext context, String host, int port, Duration timeout)
      throws IOException {
    var socket = (SSLSocket) context.getSocketFactory().createSocket();
    try {
      socket.setTcpNoDelay(true);
      socket.connect(new InetSocketAddress(host, port), (int) timeout.toMillis());
      socket.setSoTimeout((int) timeout.toMillis());
      var parameters = socket.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      parameters.setServerNames(
          host.matches("[0-9.]+|.*:.*")
              ? java.util.List.of()
              : java.util.List.of(new javax.net.ssl.SNIHostName(host)));
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      socket.setSoTimeout(0);
      return new Tls(socket);
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  record Plain(SocketChannel channel) implements Transport {
    @Override
    public ByteBuffer buffer(int bytes) {
      return ByteBuffer.allocateDirect(bytes);
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      return channel.read(into);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  /** TLS encrypts from arrays, so that its buffers lie on the heap. */
  record Tls(SSLSocket socket) implements Transport {
    @Override
    public ByteBuffer buffer(int bytes) {
      return ByteBuffer.allocate(bytes);
    }

    @Override
    public void write(ByteBuffer bytes) throws IOException {
      socket
          .getOutputStream()
          .write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
      bytes.position(bytes.limit());
    }

    @Override
    public int read(ByteBuffer into) throws IOException {
      if (into.hasArray()) {
        var read =
            socket
                .getInputStream()
                .read(into.array(), into.arrayOffset() + into.position(), into.remaining());
        if (read > 0) {
          into.position(into.position() + read);
        }
        return read;
      }
      // A record is 16 KiB at most: that is what one read gives.
      var record = new byte[Math.min(into.remaining(), 16 << 10)];
      var read = socket.getInputStream().read(record);
      if (read > 0) {
        into.put(record, 0, read);
      }
      return read;
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
