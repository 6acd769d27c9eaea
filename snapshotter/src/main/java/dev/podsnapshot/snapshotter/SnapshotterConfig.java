package dev.podsnapshot.snapshotter;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

@ConfigMapping(prefix = "podsnapshot")
public interface SnapshotterConfig {
  String node();

  @WithDefault("/var/lib/podsnapshots/spool")
  Path spool();

  /** A checkpoint is not begun with less space than this left on the spool's disk. */
  @WithDefault("1073741824")
  long spoolReserveBytes();

  /**
   * Checkpoints that are taken at once; further ones wait, in the order in which they came, while
   * their Pods run on. More would only share the disk, and each Pod would stand still for longer.
   */
  @WithDefault("4")
  int checkpointsAtOnce();

  /** How long runsc may take for a checkpoint before it is ended; the controller waits as long. */
  @WithDefault("10m")
  Duration checkpointLimit();

  /** How long an upload is tried again before the snapshot counts as failed. */
  @WithDefault("10m")
  Duration uploadDeadline();
}
