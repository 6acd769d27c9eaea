package dev.podsnapshot.storage;

import io.smallrye.config.ConfigMapping;
import java.util.Optional;

@ConfigMapping(prefix = "podsnapshot.store")
public interface StorageConfig {
  /**
   * Where the JSON API is, if not at Google: a server for trying out, asked without credentials.
   * Example: {@code http://10.0.0.1:4443}.
   */
  Optional<String> endpoint();
}
