package dev.podsnapshot.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.storage.ObjectStoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A server that misbehaves as told, connection by connection and request by request. */
class HttpFaultTest {
  /** What the server does with a request; it returns false to end the connection. */
  private interface Move {
    boolean answer(Request request, Socket socket) throws IOException;
  }

  private record Request(String line, byte[] body) {}

  private final List<Move> moves = Collections.synchronizedList(new ArrayList<>());
  private final List<Request> requests = Collections.synchronizedList(new ArrayList<>());
  private final List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());
  private ServerSocket server;
  private ObjectStore store;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
    store = Stores.at("http://127.0.0.1:" + server.getLocalPort(), Duration.ofMillis(1500));
  }

  @AfterEach
  void stop() throws IOException {
    server.close();
    for (var socket : sockets) {
      socket.close();
    }
  }

  private void accept() {
    try {
      while (true) {
        var socket = server.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // the test is over
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      Request request;
      do {
        request = read(socket.getInputStream());
        if (request == null) {
          return;
        }
        requests.add(request);
      } while (moves.removeFirst().answer(request, socket));
    } catch (IOException e) {
      // the client is gone
    }
  }

  private static Request read(InputStream in) throws IOException {
    var head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      var c = in.read();
      if (c < 0) {
        return null;
      }
      head.append((char) c);
    }
    var length = 0;
    for (var line : head.toString().split("\r\n")) {
      if (line.toLowerCase().startsWith("content-length:")) {
        length = Integer.parseInt(line.substring(15).strip());
      }
    }
    var body = in.readNBytes(length);
    return body.length < length ? null : new Request(head.substring(0, head.indexOf("\r\n")), body);
  }

  private static void say(Socket socket, String status, String body) throws IOException {
    socket
        .getOutputStream()
        .write(
            "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(status, body.length(), body)
                .getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String object(Body body, int crc) {
    return "{\"name\":\"n\",\"size\":\"%d\",\"generation\":\"7\",\"crc32c\":\"%s\"}"
        .formatted(
            body.bytes(),
            Base64.getEncoder().encodeToString(ByteBuffer.allocate(4).putInt(crc).array()));
  }

  private static Move stored(Body body) {
    return (request, socket) -> {
      say(socket, "200 OK", object(body, body.crc32c()));
      return true;
    };
  }

  private static Move status(String status) {
    return (request, socket) -> {
      say(socket, status, "{\"error\":{\"message\":\"the server's words\"}}");
      return true;
    };
  }

  private static final Move RESET =
      (request, socket) -> {
        socket.setSoLinger(true, 0);
        return false;
      };

  private final Body body = Body.of(ObjectStoreConformance.random(1_000_000));

  private StoredObject put() throws ObjectStoreException {
    return store.put("b", "n", body, ObjectStore.ABSENT);
  }

  private void assertFails(Kind kind) {
    var e = assertThrows(ObjectStoreException.class, this::put);
    assertEquals(kind, e.kind(), e.getMessage());
  }

  @Test
  void everyStatusIsSomethingThatCanBeDone() {
    for (var status : List.of("500 x", "502 x", "503 x", "504 x", "429 x", "408 x")) {
      moves.add(status(status));
      assertFails(Kind.UNAVAILABLE);
    }
    moves.add(status("403 Forbidden"));
    var e = assertThrows(ObjectStoreException.class, this::put);
    assertEquals(Kind.PERMISSION_DENIED, e.kind());
    assertTrue(e.getMessage().contains("the server's words"), e.getMessage());
    moves.add(status("412 x"));
    assertFails(Kind.PRECONDITION);
    moves.add(status("404 x"));
    assertFails(Kind.NOT_FOUND);
    moves.add(status("400 x"));
    assertFails(Kind.OTHER);
    assertEquals(10, requests.size());
    assertEquals(1, sockets.size(), "a refusal costs no connection");
  }

  @Test
  void aResetIsWorthAnotherTry() throws Exception {
    moves.add(RESET);
    assertFails(Kind.UNAVAILABLE);
    moves.add(stored(body));
    assertEquals(7, put().generation());
  }

  /** A server closes idle connections whenever it likes; that is no failure. */
  @Test
  void anIdleConnectionThatTheServerClosedIsReplaced() throws Exception {
    var small = Body.of(new byte[1000]);
    moves.add(
        (request, socket) -> {
          say(socket, "200 OK", object(small, small.crc32c()));
          return false;
        });
    store.put("b", "n", small, ObjectStore.ABSENT);
    moves.add(stored(small));
    assertEquals(7, store.put("b", "n", small, ObjectStore.ABSENT).generation());
    assertEquals(2, sockets.size());
  }

  @Test
  void aConnectionIsUsedAgain() throws Exception {
    for (var i = 0; i < 5; i++) {
      moves.add(stored(body));
      put();
    }
    assertEquals(1, sockets.size());
  }

  @Test
  void aRefusalBeforeTheBodyWasReadIsHeard() throws Exception {
    var large = Body.of(ObjectStoreConformance.random(30_000_000));
    try (var refusing = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual()
          .start(
              () -> {
                try (var socket = refusing.accept()) {
                  socket.getInputStream().readNBytes(100_000);
                  say(socket, "429 Too Many Requests", "");
                  socket.shutdownOutput();
                  socket.getInputStream().readNBytes(1_000_000);
                } catch (IOException e) {
                  // the client is gone
                }
              });
      var other = Stores.at("http://127.0.0.1:" + refusing.getLocalPort());
      var e =
          assertThrows(
              ObjectStoreException.class, () -> other.put("b", "n", large, ObjectStore.ABSENT));
      assertEquals(Kind.UNAVAILABLE, e.kind(), e.getMessage());
    }
  }

  @Test
  void anAnswerThatBreaksOffIsNone() {
    for (var part :
        List.of(
            "HTT",
            "HTTP/1.1 200 OK\r\nContent-Le",
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"name\":",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{\"name\":",
            "what is this\r\n\r\n")) {
      moves.add(
          (request, socket) -> {
            socket.getOutputStream().write(part.getBytes(StandardCharsets.ISO_8859_1));
            return false;
          });
      assertFails(Kind.UNAVAILABLE);
    }
  }

  @Test
  void aWrongChecksumRemovesTheObjectAtItsGeneration() {
    moves.add(
        (request, socket) -> {
          say(socket, "200 OK", object(body, ~body.crc32c()));
          return true;
        });
    moves.add(status("204 No Content"));
    assertFails(Kind.CORRUPT);
    assertTrue(requests.getLast().line().startsWith("DELETE "), requests.getLast().line());
    assertTrue(
        requests.getLast().line().contains("ifGenerationMatch=7"), requests.getLast().line());
  }

  /** A server that accepts everything and says nothing ends at the stall timeout. */
  @Test
  void aServerThatHangsIsGivenUp() {
    moves.add(
        (request, socket) -> {
          socket.getInputStream().read();
          return false;
        });
    assertFails(Kind.UNAVAILABLE);
  }

  @Test
  void chunkedAnswersAreRead() throws Exception {
    moves.add(
        (request, socket) -> {
          var json = object(body, body.crc32c());
          socket
              .getOutputStream()
              .write(
                  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x;x=y\r\n%s\r\n%x\r\n%s\r\n0\r\nTrailer: x\r\n\r\n"
                      .formatted(5, json.substring(0, 5), json.length() - 5, json.substring(5))
                      .getBytes(StandardCharsets.ISO_8859_1));
          return true;
        });
    moves.add(stored(body));
    assertEquals(7, put().generation());
    assertEquals(7, put().generation());
    assertEquals(1, sockets.size());
  }

  /** A stream that is cut goes on where the store got to, and sends nothing twice. */
  @Test
  void aStreamGoesOnWhereItWasCut() throws Exception {
    var session =
        "HTTP/1.1 200 OK\r\nLocation: http://elsewhere/session?upload_id=1\r\nContent-Length: 0\r\n\r\n";
    moves.add(
        (request, socket) -> {
          socket.getOutputStream().write(session.getBytes(StandardCharsets.ISO_8859_1));
          return true;
        });
    moves.add(RESET);
    moves.add(
        (request, socket) -> {
          socket
              .getOutputStream()
              .write(
                  "HTTP/1.1 308 Resume\r\nRange: bytes=0-599999\r\nContent-Length: 0\r\n\r\n"
                      .getBytes(StandardCharsets.ISO_8859_1));
          return true;
        });
    moves.add(stored(body));
    var pauses = new ArrayList<ObjectStoreException>();
    store.putStream("b", "n", body, ObjectStore.ABSENT, pauses::add);
    assertEquals(1, pauses.size());
    assertEquals(
        List.of(2, 1_000_000, 0, 400_000), requests.stream().map(r -> r.body().length).toList());
    assertTrue(requests.getLast().line().startsWith("PUT /session?upload_id=1 "));
  }

  @Test
  void readsIntoTheCallersMemoryNoMoreThanAsked() throws Exception {
    moves.add(
        (request, socket) -> {
          say(socket, "206 Partial Content", "0123456789");
          return true;
        });
    var into = ByteBuffer.allocateDirect(16).position(2).limit(12);
    assertEquals(10, store.read("b", "n", 100, into));
    assertEquals((byte) '9', into.get(11));
    moves.add(
        (request, socket) -> {
          say(socket, "206 Partial Content", "0123456789ABC");
          return false;
        });
    var e =
        assertThrows(
            ObjectStoreException.class, () -> store.read("b", "n", 0, ByteBuffer.allocate(10)));
    assertEquals(Kind.UNAVAILABLE, e.kind());
  }
}
