package dev.podsnapshot.restorer;

import dev.podsnapshot.storage.ObjectStore;
import dev.podsnapshot.storage.ObjectStoreException;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import dev.podsnapshot.storage.StoredObject;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/** Files of a folder as objects, for reading; can be made to fail. */
final class DirectoryStore {
  private final Path root;
  final AtomicLong bytesRead = new AtomicLong();
  volatile boolean down;

  /** Whoever shows this token may read nothing. */
  static final String STRANGER = "stranger";

  /** After so many bytes it is down. */
  volatile long downAfter = Long.MAX_VALUE;

  /** For each read, milliseconds. */
  volatile int pause;

  DirectoryStore(Path root) {
    this.root = root;
  }

  /** What a restore does not call is not there. */
  ObjectStore store() {
    return as("");
  }

  private ObjectStore as(String token) {
    return (ObjectStore)
        Proxy.newProxyInstance(
            ObjectStore.class.getClassLoader(),
            new Class<?>[] {ObjectStore.class},
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "as" -> as((String) arguments[0]);
                  case "read" -> {
                    admit(token);
                    yield read(
                        (String) arguments[1], (long) arguments[2], (ByteBuffer) arguments[3]);
                  }
                  case "stat" -> {
                    admit(token);
                    yield stat((String) arguments[1]);
                  }
                  default -> throw new UnsupportedOperationException(method.getName());
                });
  }

  private static void admit(String token) throws ObjectStoreException {
    if (token.equals(STRANGER)) {
      throw new ObjectStoreException(Kind.PERMISSION_DENIED, "403", null);
    }
  }

  private Optional<StoredObject> stat(String name) throws ObjectStoreException, IOException {
    check();
    var file = root.resolve(name);
    return Files.exists(file)
        ? Optional.of(new StoredObject(name, Files.size(file), 0, 0))
        : Optional.empty();
  }

  private int read(String name, long offset, ByteBuffer into)
      throws ObjectStoreException, IOException, InterruptedException {
    check();
    if (pause > 0) {
      Thread.sleep(pause);
    }
    var begin = into.position();
    try (var file = FileChannel.open(root.resolve(name))) {
      while (into.hasRemaining() && file.read(into, offset + into.position() - begin) > 0) {
        Thread.onSpinWait();
      }
    }
    bytesRead.addAndGet(into.position() - begin);
    check();
    return into.position() - begin;
  }

  private void check() throws ObjectStoreException {
    if (down || bytesRead.get() > downAfter) {
      throw new ObjectStoreException(Kind.UNAVAILABLE, "503", null);
    }
  }
}
