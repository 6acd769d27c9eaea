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

  /** Where NVIDIA's driver tells of itself; not there on a node without one. */
  @WithDefault("/proc/driver/nvidia")
  Path nvidiaDriver();

  /**
   * NVIDIA's cuda-checkpoint, which saves the state of GPUs; put there by who runs the nodes. Pods
   * with GPUs get it mounted.
   */
  @WithDefault("/var/lib/podsnapshots/bin/cuda-checkpoint")
  Path cudaCheckpoint();

  /** Whether it is run for one process of a Pod after the other. */
  @WithDefault("false")
  boolean cudaCheckpointSequential();
}
