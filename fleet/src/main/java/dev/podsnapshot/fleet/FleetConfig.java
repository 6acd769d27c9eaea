package dev.podsnapshot.fleet;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;

@ConfigMapping(prefix = "podsnapshot.fleet")
public interface FleetConfig {
  /** A ServiceAccount token for the controller's audience, bound to this Pod and so to its node. */
  @WithDefault("/var/run/secrets/podsnapshot/token")
  Path token();

  /** Certificates, PEM, of the authorities that may have signed the controller's. */
  @WithDefault("/var/run/secrets/podsnapshot/ca.crt")
  Path authorities();
}
