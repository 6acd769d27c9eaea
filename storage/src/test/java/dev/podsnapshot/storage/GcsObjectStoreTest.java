package dev.podsnapshot.storage;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Against a real fake-gcs-server process; skipped where none was built. */
class GcsObjectStoreTest extends ObjectStoreConformance {
  @TempDir static Path folder;

  private static FakeGcs server;
  private static ObjectStore store;

  @BeforeAll
  static void start() throws Exception {
    var program = FakeGcs.program();
    assumeTrue(program.isPresent(), "no fake-gcs-server: local/cluster up builds it");
    server = FakeGcs.start(program.get(), folder, BUCKET);
    store = Stores.at(server.endpoint());
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  ObjectStore store() {
    return store;
  }

  @Override
  boolean composeHasConditions() {
    return false;
  }
}
