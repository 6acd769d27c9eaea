package dev.podsnapshot.storage.http;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** One request at a time on one connection, by one thread; only {@link #close} is for others. */
final class HttpConnection implements AutoCloseable {
  /** Large enough for few system calls, small enough to stay in a core's cache. */
  static final int BUFFER_BYTES = 256 << 10;

  private static final int HEAD_LIMIT = 64 << 10;
  private static final int SMALL_BODY_LIMIT = 64 << 20;

  private final Transport transport;

  /** What is sent, then what is received: between position and limit lies what was not read yet. */
  private final ByteBuffer buffer;

  /** When the read or write that is under way began, {@link System#nanoTime}; 0: none is. */
  private volatile long blockedSince;

  private boolean reusable = true;
  private boolean sent;
  private boolean answered;
  private long idleSince;

  HttpConnection(Transport transport) {
    this.transport = transport;
    this.buffer = transport.buffer(BUFFER_BYTES);
  }

  /**
   * @throws BodyException if the request's body failed
   * @throws IOException if the connection did; it is of no use any more
   */
  HttpAnswer exchange(HttpRequest request, String head) throws IOException {
    reusable = false;
    sent = false;
    answered = false;
    try {
      send(request, head);
      sent = true;
    } catch (BodyException e) {
      throw e;
    } catch (IOException e) {
      // A server may refuse without reading on: then its answer says more than the broken pipe.
      try {
        return receive(request);
      } catch (IOException none) {
        e.addSuppressed(none);
        throw e;
      }
    }
    var answer = receive(request);
    reusable = !"close".equalsIgnoreCase(answer.headers().get("connection"));
    return answer;
  }

  /** Whether the connection can carry another request. */
  boolean reusable() {
    return reusable;
  }

  /**
   * Whether the server may have looked at the last request: it said something, or took a body that
   * is larger than what a connection holds by itself.
   */
  boolean heard(HttpRequest request) {
    return answered || (sent && request.length() > BUFFER_BYTES);
  }

  void idle(long now) {
    idleSince = now;
  }

  long idleSince() {
    return idleSince;
  }

  boolean stalled(long now, long nanos) {
    var since = blockedSince;
    return since != 0 && now - since > nanos;
  }

  @Override
  public void close() {
    try {
      transport.close();
    } catch (IOException e) {
      // nothing is expected of it any more
    }
  }

  private void send(HttpRequest request, String head) throws IOException {
    buffer.clear().put(head.getBytes(StandardCharsets.ISO_8859_1));
    var at = request.from();
    var end = request.from() + request.length();
    do {
      var bytes = (int) Math.min(buffer.remaining(), end - at);
      buffer.limit(buffer.position() + bytes);
      if (bytes > 0) {
        try {
          request.body().read(at, buffer);
        } catch (IOException e) {
          throw new BodyException(e);
        }
      }
      at += bytes;
      buffer.flip();
      blockedSince = System.nanoTime();
      transport.write(buffer);
      blockedSince = 0;
      buffer.clear();
    } while (at < end);
  }

  private HttpAnswer receive(HttpRequest request) throws IOException {
    buffer.clear().flip();
    String[] status;
    Map<String, String> headers;
    do {
      status = line().split(" ", 3);
      if (status.length < 2 || !status[0].startsWith("HTTP/1.")) {
        throw new ProtocolException("not an answer of HTTP/1.1: " + String.join(" ", status));
      }
      headers = new HashMap<>();
      for (var line = line(); !line.isEmpty(); line = line()) {
        var colon = line.indexOf(':');
        if (colon < 0) {
          throw new ProtocolException("not a header: " + line);
        }
        headers.put(line.substring(0, colon).toLowerCase(), line.substring(colon + 1).strip());
      }
    } while (status[1].startsWith("1"));
    var code = Integer.parseInt(status[1]);
    var sink =
        request.into() != null && code / 100 == 2 ? new Sink(request.into()) : new Sink(null);
    body(code, headers, sink);
    return new HttpAnswer(code, headers, sink.small());
  }

  private void body(int code, Map<String, String> headers, Sink sink) throws IOException {
    if (code == 204 || code == 304) {
      return;
    }
    if ("chunked".equalsIgnoreCase(headers.get("transfer-encoding"))) {
      for (var size = chunkSize(); size > 0; size = chunkSize()) {
        copy(size, sink);
        line();
      }
      while (!line().isEmpty()) {
        // trailers say nothing to us
      }
    } else if (headers.containsKey("content-length")) {
      copy(Long.parseLong(headers.get("content-length")), sink);
    } else {
      headers.put("connection", "close");
      while (more()) {
        sink.take(buffer, buffer.remaining());
      }
    }
  }

  private long chunkSize() throws IOException {
    return Long.parseLong(line().split(";", 2)[0].strip(), 16);
  }

  private void copy(long bytes, Sink sink) throws IOException {
    while (bytes > 0) {
      if (buffer.hasRemaining()) {
        bytes -= sink.take(buffer, bytes);
      } else if (sink.direct(bytes) instanceof ByteBuffer into) {
        var read = read(into);
        if (read < 0) {
          throw new EOFException("the answer broke off");
        }
        sink.received(read);
        bytes -= read;
      } else if (!more()) {
        throw new EOFException("the answer broke off");
      }
    }
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    while (true) {
      if (!buffer.hasRemaining() && !more()) {
        throw new EOFException("the connection ended before an answer");
      }
      var c = (char) (buffer.get() & 0xff);
      if (c == '\n') {
        return line.toString();
      }
      if (c != '\r') {
        line.append(c);
      }
      if (line.length() > HEAD_LIMIT) {
        throw new ProtocolException("an endless line");
      }
    }
  }

  /** Reads on into the empty buffer; false at the stream's end. */
  private boolean more() throws IOException {
    buffer.clear();
    int read;
    try {
      read = read(buffer);
    } finally {
      buffer.flip();
    }
    return read > 0;
  }

  private int read(ByteBuffer into) throws IOException {
    blockedSince = System.nanoTime();
    var read = transport.read(into);
    blockedSince = 0;
    answered |= read > 0;
    return read;
  }

  /** Where an answer's body goes: the caller's buffer, or one that grows. */
  private static final class Sink {
    private final ByteBuffer into;
    private final ByteArrayOutputStream small = new ByteArrayOutputStream();

    private Sink(ByteBuffer into) {
      this.into = into;
    }

    private int take(ByteBuffer from, long limit) throws ProtocolException {
      var bytes = (int) Math.min(from.remaining(), limit);
      if (into != null) {
        if (bytes > into.remaining()) {
          throw new ProtocolException("more bytes than were asked for");
        }
        into.put(from.slice(from.position(), bytes));
      } else {
        if (small.size() + bytes > SMALL_BODY_LIMIT) {
          throw new ProtocolException("an endless answer");
        }
        var copy = new byte[bytes];
        from.slice(from.position(), bytes).get(copy);
        small.writeBytes(copy);
      }
      from.position(from.position() + bytes);
      return bytes;
    }

    /** The caller's own memory for the next bytes, so that they are not copied; null: none. */
    private ByteBuffer direct(long bytes) throws ProtocolException {
      if (into == null) {
        return null;
      }
      if (!into.hasRemaining()) {
        throw new ProtocolException("more bytes than were asked for");
      }
      return into.slice(into.position(), (int) Math.min(bytes, into.remaining()));
    }

    private void received(int bytes) {
      into.position(into.position() + bytes);
    }

    private byte[] small() {
      return small.toByteArray();
    }
  }
}
