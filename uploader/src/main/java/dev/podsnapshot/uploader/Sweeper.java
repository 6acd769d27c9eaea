package dev.podsnapshot.uploader;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import org.jboss.logging.Logger;

/** Sweeps at the start and from time to time. */
@ApplicationScoped
class Sweeper {
  private static final Logger LOG = Logger.getLogger(Sweeper.class);

  private final Uploads uploads;
  private final UploaderConfig config;
  private Thread thread;

  Sweeper(Uploads uploads, UploaderConfig config) {
    this.uploads = uploads;
    this.config = config;
  }

  void start(@Observes StartupEvent event) {
    thread = Thread.ofVirtual().name("sweep").start(this::sweepOn);
  }

  void stop(@Observes ShutdownEvent event) {
    thread.interrupt();
  }

  private void sweepOn() {
    while (true) {
      try {
        uploads.sweep();
      } catch (IOException | RuntimeException e) {
        LOG.errorf(e, "phase=sweep");
      }
      try {
        Thread.sleep(config.sweepInterval());
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}
