package dev.podsnapshot.runsc;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;

/** Where the node's gVisor is. */
@ConfigMapping(prefix = "podsnapshot.runsc")
public interface RunscConfig {
  /** The runsc program itself, not the hook. */
  @WithDefault("/usr/local/bin/runsc")
  Path path();

  /** The state folder that the shim gives runsc, containerd's namespace included. */
  @WithDefault("/run/containerd/runsc/k8s.io")
  Path root();

  @WithDefault("systrap")
  String platform();
}
