package dev.podsnapshot.storage;

import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/** Stores at servers of tests and benchmarks. */
public final class Stores {
  private Stores() {}

  public static GcsObjectStore at(String endpoint) {
    return at(endpoint, Duration.ofSeconds(60));
  }

  public static GcsObjectStore at(String endpoint, Duration stall) {
    try {
      return at(endpoint, stall, SSLContext.getDefault());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  static GcsObjectStore at(String endpoint, Duration stall, SSLContext tls) {
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
    return new GcsObjectStore(new GcsApi(config, tls));
  }
}
