package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Binding;
import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscException;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.Cancellable;
import io.smallrye.mutiny.unchecked.Unchecked;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * The Pods that were bound to this node and have no sandbox yet: their snapshots are staged from
 * now on, and stay here until the sandbox asks for them or does not come.
 */
@ApplicationScoped
class BoundPods {
  private static final Logger LOG = Logger.getLogger(BoundPods.class);

  /** A sandbox that did not come by now has other troubles than its snapshot. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final RestorerConfig config;
  private final SnapshotCache cache;
  private final Runsc runsc;
  private final Fleet fleet;
  private final MeterRegistry metrics;

  /** By the Pod's UID. */
  private final Map<String, Restore> staged = new ConcurrentHashMap<>();

  private Cancellable stream;

  BoundPods(
      RestorerConfig config,
      SnapshotCache cache,
      Runsc runsc,
      @GrpcClient("fleet") Fleet fleet,
      MeterRegistry metrics) {
    this.config = config;
    this.cache = cache;
    this.runsc = runsc;
    this.fleet = fleet;
    this.metrics = metrics;
  }

  void start(@Observes StartupEvent event) {
    stream =
        Multi.createFrom()
            .deferred(Unchecked.supplier(() -> fleet.bindings(node())))
            .onCompletion()
            .failWith(() -> new IOException("the controller ended the stream"))
            .onFailure()
            .invoke(e -> LOG.infof("phase=bindings lost the controller: %s", e.toString()))
            .onFailure()
            .retry()
            .withBackOff(Duration.ofMillis(200), Duration.ofSeconds(5))
            .indefinitely()
            .subscribe()
            .with(this::stage, e -> LOG.error("phase=bindings ended", e));
  }

  void stop(@Observes ShutdownEvent event) {
    stream.cancel();
  }

  private NodeRef node() throws RunscException {
    return NodeRef.newBuilder()
        .setNode(config.node())
        .setFingerprint(runsc.fingerprint().wire())
        .build();
  }

  private void stage(Binding binding) {
    var uid = binding.getPod().getUid();
    if (staged.putIfAbsent(uid, binding.getRestore()) != null) {
      return;
    }
    cache.stage(binding.getRestore());
    LOG.infof(
        "pod=%s/%s snapshot=%s phase=binding",
        binding.getPod().getNamespace(),
        binding.getPod().getName(),
        binding.getRestore().getSnapshot().getName());
    Thread.ofVirtual().name("bound-" + uid).start(() -> expire(uid));
  }

  private void expire(String uid) {
    try {
      Thread.sleep(PATIENCE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end(uid, "unused");
  }

  /** The Pod's sandbox has been planned: what it needs it holds itself. */
  void planned(String uid) {
    end(uid, "planned");
  }

  private void end(String uid, String result) {
    var restore = staged.remove(uid);
    if (restore != null) {
      cache.release(restore);
      metrics.counter("podsnapshot_bindings_total", "result", result).increment();
    }
  }
}
