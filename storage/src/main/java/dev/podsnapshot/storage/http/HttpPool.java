package dev.podsnapshot.storage.http;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;

/**
 * Persistent connections to one server: as many as requests are under way, each used again by the
 * next. It follows no redirect and knows no proxy. A connection on which nothing moves for the
 * stall timeout is closed, which its thread sees as an I/O error.
 */
public final class HttpPool implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** Shorter than servers keep idle connections, and memory is given back. */
  private static final Duration IDLE = Duration.ofSeconds(20);

  private static final Duration WATCH = Duration.ofSeconds(1);

  private final URI server;
  private final SSLContext tls;
  private final Duration stall;
  private final ConcurrentLinkedDeque<HttpConnection> idle = new ConcurrentLinkedDeque<>();
  private final Set<HttpConnection> busy = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean watched = new AtomicBoolean();

  /**
   * @param server scheme, host and perhaps port
   * @param tls used if the scheme is https
   */
  public HttpPool(URI server, SSLContext tls, Duration stall) {
    this.server = server;
    this.tls = tls;
    this.stall = stall;
  }

  /**
   * @throws BodyException if the request's own body failed
   * @throws IOException if there is no answer: nothing is known of what the server did
   */
  public HttpAnswer exchange(HttpRequest request) throws IOException {
    var used = idle.pollFirst();
    if (used != null) {
      try {
        return exchange(used, request);
      } catch (BodyException e) {
        throw e;
      } catch (IOException e) {
        // An idle connection may have been closed by the server: that is no failure.
        if (used.heard(request) || Thread.currentThread().isInterrupted()) {
          throw e;
        }
      }
    }
    return exchange(open(), request);
  }

  private HttpAnswer exchange(HttpConnection connection, HttpRequest request) throws IOException {
    busy.add(connection);
    watch();
    try {
      return connection.exchange(request, head(request));
    } finally {
      busy.remove(connection);
      if (connection.reusable()) {
        connection.idle(System.nanoTime());
        idle.addFirst(connection);
      } else {
        connection.close();
      }
    }
  }

  private HttpConnection open() throws IOException {
    var secure = "https".equals(server.getScheme());
    var port = server.getPort() > 0 ? server.getPort() : secure ? 443 : 80;
    try {
      return new HttpConnection(
          secure
              ? Transport.tls(tls, server.getHost(), port, CONNECT_TIMEOUT)
              : Transport.plain(server.getHost(), port, CONNECT_TIMEOUT));
    } catch (java.nio.channels.UnresolvedAddressException e) {
      throw new IOException("no address is known of " + server.getHost(), e);
    }
  }

  private String head(HttpRequest request) {
    var head =
        new StringBuilder(512)
            .append(request.method())
            .append(' ')
            .append(request.target())
            .append(" HTTP/1.1\r\nHost: ")
            .append(server.getRawAuthority())
            .append("\r\nUser-Agent: podsnapshot\r\n");
    for (var header : request.headers()) {
      head.append(header).append("\r\n");
    }
    if (request.body() != null || !request.method().equals("GET")) {
      head.append("Content-Length: ").append(request.length()).append("\r\n");
    }
    return head.append("\r\n").toString();
  }

  /** The watch lives while there is a connection. */
  private void watch() {
    if (watched.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("http-watch")
          .start(
              () -> {
                try {
                  do {
                    Thread.sleep(WATCH);
                    look();
                  } while (!busy.isEmpty() || !idle.isEmpty());
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                } finally {
                  watched.set(false);
                  if (!busy.isEmpty()) {
                    watch();
                  }
                }
              });
    }
  }

  private void look() {
    var now = System.nanoTime();
    for (var connection : busy) {
      if (connection.stalled(now, stall.toNanos())) {
        connection.close();
      }
    }
    // The last ones have been idle longest. What another thread takes meanwhile is not touched.
    for (var connection : idle) {
      if (now - connection.idleSince() > IDLE.toNanos() && idle.remove(connection)) {
        connection.close();
      }
    }
  }

  @Override
  public void close() {
    for (var connection = idle.pollFirst(); connection != null; connection = idle.pollFirst()) {
      connection.close();
    }
    busy.forEach(HttpConnection::close);
  }
}
