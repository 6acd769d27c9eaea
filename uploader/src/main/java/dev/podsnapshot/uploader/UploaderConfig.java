package dev.podsnapshot.uploader;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;

@ConfigMapping(prefix = "podsnapshot")
public interface UploaderConfig {
  @WithDefault("/var/lib/podsnapshots/spool")
  Path spool();

  /** Bytes of a part; a multiple of the manifest's chunk. */
  @WithDefault("33554432")
  int partBytes();

  /** Parts that are under way at once, over all snapshots; each takes a part's bytes of memory. */
  @WithDefault("4")
  int uploadConnections();
}
