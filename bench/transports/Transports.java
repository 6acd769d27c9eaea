import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;

/**
 * How fast one process can send a file in parts over plain HTTP, by the way it sends: the numbers behind the uploader's
 * choice. Each part's CRC32C is computed on the way.
 *
 * <p>java Transports.java WAY FILE HOST PORT THREADS PART_MIB SLICE_KIB [ROUNDS]
 */
class Transports {
  interface Sender {
    void send(FileChannel file, long offset, long length, String target) throws Exception;
  }

  public static void main(String[] args) throws Exception {
    var way = args[0];
    var file = Path.of(args[1]);
    var host = args[2];
    var port = Integer.parseInt(args[3]);
    var threads = Integer.parseInt(args[4]);
    var part = Long.parseLong(args[5]) << 20;
    var slice = Integer.parseInt(args[6]) << 10;
    var rounds = args.length > 7 ? Integer.parseInt(args[7]) : 7;
    var rates = new double[rounds];
    HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    for (var round = 0; round < rounds; round++) {
      var begin = System.nanoTime();
      long bytes;
      try (var channel = FileChannel.open(file, StandardOpenOption.READ)) {
        bytes = channel.size();
        var next = new AtomicLong();
        var failure = new Throwable[1];
        var workers = new Thread[threads];
        for (var i = 0; i < threads; i++) {
          Runnable work =
              () -> {
                try (var own = FileChannel.open(file, StandardOpenOption.READ)) {
                  var sender =
                      switch (way) {
                        case "write", "write-virtual" -> write(host, port, slice);
                        case "memory" -> memory(host, port, slice);
                        case "sendfile" -> sendfile(host, port, slice);
                        case "mapped" -> mapped(host, port, slice);
                        case "http" -> http(client, host, port, slice);
                        default -> throw new IllegalArgumentException(way);
                      };
                  for (long p; (p = next.getAndIncrement()) * part < bytes; ) {
                    sender.send(own, p * part, Math.min(part, bytes - p * part), way + p);
                  }
                } catch (Throwable e) {
                  failure[0] = e;
                }
              };
          workers[i] =
              way.endsWith("virtual") ? Thread.ofVirtual().start(work) : Thread.ofPlatform().start(work);
        }
        for (var worker : workers) {
          worker.join();
        }
        if (failure[0] != null) {
          throw new IllegalStateException(failure[0]);
        }
      }
      rates[round] = bytes / ((System.nanoTime() - begin) / 1e9) / (1 << 20);
    }
    var warm = Arrays.copyOfRange(rates, Math.min(2, rounds - 1), rounds);
    Arrays.sort(warm);
    System.out.printf(
        "%-14s threads=%d part=%s slice=%dKiB: first %.0f, then median %.0f (%.0f..%.0f) MiB/s, cpu %.2f s of all rounds%n",
        way, threads, args[5], slice >> 10, rates[0], warm[warm.length / 2], warm[0], warm[warm.length - 1],
        ProcessHandle.current().info().totalCpuDuration().get().toMillis() / 1e3);
  }

  static byte[] head(String host, int port, String target, long length) {
    return ("POST /upload/storage/v1/b/b/o?uploadType=media&name=%s HTTP/1.1\r\nHost: %s:%d\r\nContent-Length: %d\r\n\r\n"
            .formatted(target, host, port, length))
        .getBytes(StandardCharsets.US_ASCII);
  }

  static void answer(SocketChannel socket, CRC32C crc) throws IOException {
    var answer = ByteBuffer.allocate(4096);
    while (!new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII).endsWith("}")) {
      if (socket.read(answer) < 0) {
        throw new IOException("closed");
      }
    }
    var expected =
        java.util.Base64.getEncoder().encodeToString(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    if (!new String(answer.array(), 0, answer.position()).contains(expected)) {
      throw new IOException("wrong checksum");
    }
  }

  static Sender write(String host, int port, int slice) throws IOException {
    var socket = SocketChannel.open(new InetSocketAddress(host, port));
    var buffer = ByteBuffer.allocateDirect(slice);
    return (file, offset, length, target) -> {
      socket.write(ByteBuffer.wrap(head(host, port, target, length)));
      var crc = new CRC32C();
      for (long at = 0; at < length; ) {
        buffer.clear().limit((int) Math.min(slice, length - at));
        at += file.read(buffer, offset + at);
        buffer.flip();
        crc.update(buffer);
        buffer.flip();
        while (buffer.hasRemaining()) {
          socket.write(buffer);
        }
      }
      answer(socket, crc);
    };
  }

  /** The raw limit: the same bytes again and again from memory, no file, no checksum. */
  static Sender memory(String host, int port, int slice) throws IOException {
    var socket = SocketChannel.open(new InetSocketAddress(host, port));
    var buffer = ByteBuffer.allocateDirect(slice);
    return (file, offset, length, target) -> {
      socket.write(ByteBuffer.wrap(head(host, port, target, length)));
      for (long at = 0; at < length; ) {
        buffer.clear().limit((int) Math.min(slice, length - at));
        while (buffer.hasRemaining()) {
          at += socket.write(buffer);
        }
      }
      var answer = ByteBuffer.allocate(4096);
      while (!new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII).endsWith("}")) {
        socket.read(answer);
      }
    };
  }

  static Sender sendfile(String host, int port, int slice) throws IOException {
    var socket = SocketChannel.open(new InetSocketAddress(host, port));
    return (file, offset, length, target) -> {
      socket.write(ByteBuffer.wrap(head(host, port, target, length)));
      var crc = new CRC32C();
      try (var arena = java.lang.foreign.Arena.ofConfined()) {
        var map = file.map(FileChannel.MapMode.READ_ONLY, offset, length, arena).asByteBuffer();
        for (long at = 0; at < length; ) {
          var n = (int) Math.min(slice, length - at);
          crc.update(map.slice((int) at, n));
          for (long end = at + n; at < end; ) {
            at += file.transferTo(offset + at, end - at, socket);
          }
        }
      }
      answer(socket, crc);
    };
  }

  static Sender mapped(String host, int port, int slice) throws IOException {
    var socket = SocketChannel.open(new InetSocketAddress(host, port));
    return (file, offset, length, target) -> {
      socket.write(ByteBuffer.wrap(head(host, port, target, length)));
      var crc = new CRC32C();
      try (var arena = java.lang.foreign.Arena.ofConfined()) {
        var map = file.map(FileChannel.MapMode.READ_ONLY, offset, length, arena).asByteBuffer();
        for (long at = 0; at < length; ) {
          var part = map.slice((int) at, (int) Math.min(slice, length - at));
          crc.update(part);
          part.flip();
          while (part.hasRemaining()) {
            at += socket.write(part);
          }
        }
      }
      answer(socket, crc);
    };
  }

  static Sender http(HttpClient client, String host, int port, int slice) {
    return (file, offset, length, target) -> {
      var crc = new CRC32C();
      Flow.Publisher<ByteBuffer> source =
          subscriber ->
              subscriber.onSubscribe(
                  new Flow.Subscription() {
                    long at = 0;

                    @Override
                    public void request(long n) {
                      try {
                        for (; n > 0 && at < length; n--) {
                          var buffer = ByteBuffer.allocate((int) Math.min(slice, length - at));
                          at += file.read(buffer, offset + at);
                          buffer.flip();
                          crc.update(buffer.duplicate());
                          subscriber.onNext(buffer);
                          if (at == length) {
                            subscriber.onComplete();
                          }
                        }
                      } catch (IOException e) {
                        subscriber.onError(e);
                      }
                    }

                    @Override
                    public void cancel() {}
                  });
      var request =
          HttpRequest.newBuilder(
                  URI.create(
                      "http://%s:%d/upload/storage/v1/b/b/o?uploadType=media&name=%s"
                          .formatted(host, port, target)))
              .POST(HttpRequest.BodyPublishers.fromPublisher(source, length))
              .build();
      var response = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IOException(response.body());
      }
    };
  }
}
