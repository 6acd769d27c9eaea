package dev.podsnapshot.uploader;

import java.nio.file.Path;
import java.time.Duration;

/** A node's uploader below one folder. */
record TestConfig(Path home, int partBytes, int uploadConnections, long uploadBytesPerSecond)
    implements UploaderConfig {
  static TestConfig in(Path home) {
    return new TestConfig(home, 32 << 20, 8, 0);
  }

  @Override
  public Path spool() {
    return home.resolve("spool");
  }

  @Override
  public Path journal() {
    return home.resolve("journal");
  }

  @Override
  public Duration sweepInterval() {
    return Duration.ofMinutes(1);
  }
}
