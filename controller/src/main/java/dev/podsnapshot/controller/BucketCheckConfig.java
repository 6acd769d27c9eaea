package dev.podsnapshot.controller;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;
import java.util.Optional;

@ConfigMapping(prefix = "podsnapshot.bucket-check")
public interface BucketCheckConfig {
  /** How often each bucket is looked at: it may change, and nobody tells. */
  @WithDefault("1m")
  Duration interval();

  /** Region or zone of the cluster, to be compared with the bucket's. */
  Optional<String> clusterLocation();
}
