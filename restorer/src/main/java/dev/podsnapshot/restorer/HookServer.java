package dev.podsnapshot.restorer;

import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import org.jboss.logging.Logger;

/** Answers the hook: one connection, one line, one answer. */
@ApplicationScoped
class HookServer {
  private static final Logger LOG = Logger.getLogger(HookServer.class);

  private final RestorerConfig config;
  private final Restorations restorations;
  private final MeterRegistry metrics;
  private RootSocket socket;

  HookServer(RestorerConfig config, Restorations restorations, MeterRegistry metrics) {
    this.config = config;
    this.restorations = restorations;
    this.metrics = metrics;
  }

  void start(@Observes StartupEvent event) throws IOException {
    socket =
        RootSocket.open(
            config.hookSocket(),
            in -> HookQuestion.read(in).map(q -> restorations.answer(q.words())),
            metrics.counter("podsnapshot_hook_refused_total")::increment);
    LOG.infof("hook socket %s is open", config.hookSocket());
  }

  void stop(@Observes ShutdownEvent event) throws IOException {
    socket.close();
  }
}
