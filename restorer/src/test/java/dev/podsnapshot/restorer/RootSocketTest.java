package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Root of the node is answered and nobody else. Runs as root, as the tests of this project do. */
class RootSocketTest {
  private static final int NOBODY = 65534;

  private final AtomicInteger refused = new AtomicInteger();
  private Path path;
  private RootSocket socket;

  @BeforeEach
  void open() throws IOException {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    // Below /tmp itself: a folder that only root may enter would keep the other user out.
    path = Files.createTempFile("hook", ".sock");
    socket =
        RootSocket.open(
            path,
            in -> HookQuestion.read(in).map(q -> "heard " + q.words().getLast()),
            refused::incrementAndGet);
  }

  @AfterEach
  void close() throws IOException {
    if (socket != null) {
      socket.close();
    }
  }

  private String askAsRoot(String line) throws IOException {
    try (var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      client.connect(UnixDomainSocketAddress.of(path));
      client.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
      return new String(Channels.newInputStream(client).readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** What a process of another user is told. */
  private String askAs(int user) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                "setpriv",
                "--reuid=" + user,
                "--clear-groups",
                "/usr/bin/python3",
                "-c",
                """
                import socket, sys
                s = socket.socket(socket.AF_UNIX)
                try:
                    s.connect(sys.argv[1])
                except PermissionError:
                    sys.exit("kept out")
                try:
                    s.sendall(b"start\\tx\\n")
                    print(s.recv(100).decode(), end="")
                except OSError:
                    pass
                print("closed")
                """,
                path.toString())
            .redirectErrorStream(true)
            .start();
    var answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return answer;
  }

  @Test
  void rootIsAnswered() throws IOException, InterruptedException {
    assertEquals("heard x\n", askAsRoot("start\tx\n"));
    assertEquals("heard x\nclosed\n", askAs(0), "another process of root");
    assertEquals(0, refused.get());
  }

  @Test
  void whatIsNoQuestionEndsTheConnection() throws IOException {
    assertEquals("", askAsRoot("start\t../x\n"));
    assertEquals("heard x\n", askAsRoot("start\tx\n"), "the next one is heard");
  }

  @Test
  void theFileKeepsOthersOut() throws IOException, InterruptedException {
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(path)));
    assertEquals("kept out\n", askAs(NOBODY));
    assertEquals(0, refused.get(), "it never got through");
  }

  @Test
  void anotherUserIsRefusedWhateverTheFileSays() throws IOException, InterruptedException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertEquals("closed\n", askAs(NOBODY));
    assertEquals(1, refused.get());
    assertEquals("heard x\n", askAsRoot("start\tx\n"));
  }

  @Test
  void aPeerThatSaysNothingHoldsNobodyUp() throws IOException {
    try (var silent = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      silent.connect(UnixDomainSocketAddress.of(path));
      assertEquals("heard x\n", askAsRoot("start\tx\n"));
    }
  }
}
