package dev.podsnapshot.storage;

import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;

/** Stores at servers of tests and benchmarks. */
public final class Stores {
  private Stores() {}

  public static GcsObjectStore at(String endpoint) {
    return at(endpoint, Duration.ofSeconds(60));
  }

  public static GcsObjectStore at(String endpoint, Duration stall) {
    var config =
        new StorageConfig() {
          @Override
          public Optional<String> endpoint() {
            return Optional.of(endpoint);
          }

          @Override
          public Duration stallTimeout() {
            return stall;
          }
        };
    try {
      return new GcsObjectStore(new GcsClient().storage(config), config);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
