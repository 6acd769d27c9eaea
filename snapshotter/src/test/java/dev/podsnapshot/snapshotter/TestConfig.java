package dev.podsnapshot.snapshotter;

import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A configuration with its spool in a folder, and no reserve. */
final class TestConfig {
  private TestConfig() {}

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
