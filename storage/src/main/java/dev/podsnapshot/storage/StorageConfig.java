package dev.podsnapshot.storage;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

@ConfigMapping(prefix = "podsnapshot.store")
public interface StorageConfig {
  /**
   * Where the JSON API is, if not at Google: a server for trying out, asked without the service's
   * own credentials. Example: {@code http://10.0.0.1:4443}.
   */
  Optional<String> endpoint();

  /** A request on whose connection nothing moves for so long has failed. */
  @WithDefault("60s")
  Duration stallTimeout();
}
