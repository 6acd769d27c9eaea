package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Binding;
import dev.podsnapshot.grpc.Fleet;
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
import org.jboss.logging.Logger;

/**
 * The Pods that were bound to this node and have no sandbox yet: their snapshots are staged from
 * now on. That is a hint and holds nothing in the cache; what the Pod needs is decided, and held,
 * when its sandbox asks.
 */
@ApplicationScoped
class BoundPods {
  private static final Logger LOG = Logger.getLogger(BoundPods.class);

  private final SnapshotCache cache;
  private final BucketTokens tokens;
  private final ControllerLine line;
  private final Fleet fleet;
  private final MeterRegistry metrics;
  private Cancellable stream;

  BoundPods(
      SnapshotCache cache,
      BucketTokens tokens,
      ControllerLine line,
      @GrpcClient("fleet") Fleet fleet,
      MeterRegistry metrics) {
    this.cache = cache;
    this.tokens = tokens;
    this.line = line;
    this.fleet = fleet;
    this.metrics = metrics;
  }

  void start(@Observes StartupEvent event) {
    stream =
        Multi.createFrom()
            .deferred(Unchecked.supplier(() -> fleet.bindings(line.node())))
            .onCompletion()
            .failWith(() -> new IOException("the controller ended the stream"))
            .onFailure()
            .invoke(e -> LOG.infof("phase=bindings lost the controller: %s", e.toString()))
            .onFailure()
            .retry()
            .withBackOff(Duration.ofMillis(200), Duration.ofSeconds(5))
            .indefinitely()
            .subscribe()
            // Not on the thread that also brings the answers which Pods wait for.
            .with(
                binding -> Thread.ofVirtual().name("binding").start(() -> stage(binding)),
                e -> LOG.error("phase=bindings ended", e));
  }

  void stop(@Observes ShutdownEvent event) {
    stream.cancel();
  }

  private void stage(Binding binding) {
    cache.stage(binding.getRestore(), tokens.of(binding.getPod(), binding.getRestore()));
    cache.release(binding.getRestore()); // it arrives all the same
    metrics.counter("podsnapshot_bindings_total").increment();
    LOG.infof(
        "pod=%s/%s snapshot=%s phase=binding",
        binding.getPod().getNamespace(),
        binding.getPod().getName(),
        binding.getRestore().getSnapshot().getName());
  }
}
