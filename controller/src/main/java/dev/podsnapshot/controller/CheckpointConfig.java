package dev.podsnapshot.controller;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

@ConfigMapping(prefix = "podsnapshot.checkpoint")
public interface CheckpointConfig {
  /** A checkpoint that has not ended this long after its snapshot was made has failed. */
  @WithDefault("10m")
  Duration deadline();

  /** How often a checkpoint is tried again after a failure that may not come back. */
  @WithDefault("3")
  int retries();
}
