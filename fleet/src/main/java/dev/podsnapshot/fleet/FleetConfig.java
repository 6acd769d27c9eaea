package dev.podsnapshot.fleet;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

@ConfigMapping(prefix = "podsnapshot.fleet")
public interface FleetConfig {
  /** A ServiceAccount token for the controller's audience, bound to this Pod and so to its node. */
  @WithDefault("/var/run/secrets/podsnapshot/token")
  Path token();

  /** Certificates, PEM, of the authorities that may have signed the controller's. */
  @WithDefault("/var/run/secrets/podsnapshot/ca.crt")
  Path authorities();

  /**
   * How long connecting may take. While the controller is replaced, packets to it can be lost
   * without an answer, and no call gets through before the attempt is given up.
   */
  @WithDefault("1s")
  Duration connectTimeout();

  /**
   * A line on which nothing came for so long is taken for dead, in whole seconds; 0: never. Only
   * for a service that calls more often than that.
   */
  @WithDefault("0s")
  Duration silence();
}
