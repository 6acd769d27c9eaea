package dev.podsnapshot.restorer;

import io.smallrye.config.SmallRyeConfigBuilder;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** A configuration with all folders in one. */
final class TestConfig {
  private TestConfig() {}

  static RestorerConfig in(Path folder) {
    return in(folder, Map.of());
  }

  static RestorerConfig in(Path folder, Map<String, String> more) {
    var values = new HashMap<String, String>();
    values.put("podsnapshot.node", "test");
    values.put("podsnapshot.cache", folder.resolve("cache").toString());
    values.put("podsnapshot.live", folder.resolve("live").toString());
    values.put("podsnapshot.fault-history", folder.resolve("faults").toString());
    values.put("podsnapshot.live-restores", folder.resolve("live-restores").toString());
    values.putAll(more);
    return new SmallRyeConfigBuilder()
        .withMapping(RestorerConfig.class)
        .withDefaultValues(values)
        .addDiscoveredConverters()
        .build()
        .getConfigMapping(RestorerConfig.class);
  }
}
