package dev.podsnapshot.storage;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** A fake-gcs-server process of the test's own, on a free port of the loopback. */
public final class FakeGcs implements AutoCloseable {
  private final Process process;
  private final String endpoint;

  private FakeGcs(Process process, String endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** The program, if this machine has it: local/cluster builds it, and so does bench/tools. */
  public static Optional<Path> program() {
    var cache =
        Optional.ofNullable(System.getenv("PODSNAPSHOT_CACHE"))
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".cache", "podsnapshot"));
    return Stream.of("bin", "bench")
        .map(folder -> cache.resolve(folder).resolve("fake-gcs-server"))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /**
   * @param folder where it keeps its objects: a file each, so that a test can look at them
   */
  public static FakeGcs start(Path program, Path folder, String bucket)
      throws IOException, InterruptedException {
    return start(program, folder, bucket, "http");
  }

  static FakeGcs start(Path program, Path folder, String bucket, String scheme)
      throws IOException, InterruptedException {
    Files.createDirectories(folder.resolve(bucket));
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    var address = "127.0.0.1:" + port;
    var process =
        new ProcessBuilder(
                program.toString(),
                "-scheme",
                scheme,
                "-host",
                "127.0.0.1",
                "-port",
                Integer.toString(port),
                "-external-url",
                scheme + "://" + address,
                "-public-host",
                address,
                "-backend",
                "filesystem",
                "-filesystem-root",
                folder.toString(),
                "-log-level",
                "error")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    var server = new FakeGcs(process, scheme + "://" + address);
    for (var attempt = 0; ; attempt++) {
      try {
        new Socket("127.0.0.1", port).close();
        return server;
      } catch (IOException e) {
        if (attempt == 200 || !process.isAlive()) {
          server.close();
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  public String endpoint() {
    return endpoint;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
