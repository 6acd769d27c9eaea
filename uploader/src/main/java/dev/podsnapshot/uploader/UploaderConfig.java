package dev.podsnapshot.uploader;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

@ConfigMapping(prefix = "podsnapshot")
public interface UploaderConfig {
  @WithDefault("/var/lib/podsnapshots/spool")
  Path spool();

  /** Where the uploader keeps what it must remember of uploads that have not ended. */
  @WithDefault("/var/lib/podsnapshots/journal")
  Path journal();

  /**
   * Bytes of a part at most; a multiple of the manifest's chunk. Small files have smaller parts.
   */
  @WithDefault("33554432")
  int partBytes();

  /**
   * Parts that are under way at once, over all snapshots: a connection, a thread and 256 KiB each.
   */
  @WithDefault("32")
  int uploadConnections();

  /** Bytes a second that all uploads of the node may send together; 0: no limit. */
  @WithDefault("0")
  long uploadBytesPerSecond();

  /** How often leftovers of uploads that nobody goes on with are looked for. */
  @WithDefault("60s")
  Duration sweepInterval();
}
