package dev.podsnapshot.snapshotter;

import dev.podsnapshot.runsc.RunscConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A configuration with its spool in a folder, and no reserve. */
final class TestConfig {
  private TestConfig() {}

  /**
   * A node's gVisor.
   *
   * @param node holds {@code nvidia} and {@code cuda-checkpoint}, if the node has GPUs
   */
  static RunscConfig runsc(Path program, Path state, Path node) {
    return new SmallRyeConfigBuilder()
        .withMapping(RunscConfig.class)
        .withDefaultValues(
            Map.of(
                "podsnapshot.runsc.path", program.toString(),
                "podsnapshot.runsc.root", state.toString(),
                "podsnapshot.runsc.nvidia-driver", node.resolve("nvidia").toString(),
                "podsnapshot.runsc.cuda-checkpoint", node.resolve("cuda-checkpoint").toString()))
        .addDiscoveredConverters()
        .build()
        .getConfigMapping(RunscConfig.class);
  }

  static SnapshotterConfig in(Path spool, Map<String, String> more) {
    var values = new HashMap<String, String>();
    values.put("podsnapshot.node", "node1");
    values.put("podsnapshot.spool", spool.toString());
    values.put("podsnapshot.spool-reserve-bytes", "0");
    values.putAll(more);
    return new SmallRyeConfigBuilder()
        .withMapping(SnapshotterConfig.class)
        .withDefaultValues(values)
        .addDiscoveredConverters()
        .build()
        .getConfigMapping(SnapshotterConfig.class);
  }
}
