package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.controller.access.BucketTokens;
import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.PostCheckpoint;
import dev.podsnapshot.grpc.Scope;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.grpc.Trigger;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.BackPressureStrategy;
import io.smallrye.mutiny.subscription.MultiEmitter;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * The checkpoints that nodes owe, to the nodes that listen. Nothing is kept: what is pending is
 * what the PodSnapshots say, and a node that connects hears all of it again.
 */
@ApplicationScoped
class OrderBook {
  private static final Logger LOG = Logger.getLogger(OrderBook.class);

  private final KubernetesClient client;
  private final BucketTokens tokens;
  private final Map<String, Set<MultiEmitter<? super CheckpointOrder>>> listeners =
      new ConcurrentHashMap<>();

  OrderBook(KubernetesClient client, BucketTokens tokens, MeterRegistry metrics) {
    this.client = client;
    this.tokens = tokens;
    metrics.gauge("podsnapshot_listening_nodes", listeners, OrderBook::listening);
  }

  private static long listening(Map<String, Set<MultiEmitter<? super CheckpointOrder>>> nodes) {
    return nodes.values().stream().filter(ofNode -> !ofNode.isEmpty()).count();
  }

  Multi<CheckpointOrder> of(String node) {
    return Multi.createFrom()
        .emitter(
            emitter -> {
              var ofNode = listeners.computeIfAbsent(node, key -> ConcurrentHashMap.newKeySet());
              ofNode.add(emitter);
              emitter.onTermination(() -> ofNode.remove(emitter));
              client
                  .resources(PodSnapshot.class)
                  .inAnyNamespace()
                  .list()
                  .getItems()
                  .forEach(this::offer);
            },
            BackPressureStrategy.BUFFER);
  }

  /** Hands the snapshot's order to its node if the checkpoint is still owed. */
  void offer(PodSnapshot snapshot) {
    var annotations = snapshot.getMetadata().getAnnotations();
    if (annotations == null
        || snapshot.getMetadata().getDeletionTimestamp() != null
        || snapshot.getStatus() == null
        || snapshot.getStatus().observedGcsPath() == null
        || Conditions.isDecided(snapshot.getStatus().conditions(), Conditions.CHECKPOINT)) {
      return;
    }
    CheckpointOrder order;
    try {
      order = order(snapshot, annotations);
    } catch (IllegalArgumentException e) {
      // One that can't be carried out must not keep the others from their node.
      LOG.errorf(
          "snapshot=%s/%s phase=order: %s",
          snapshot.getMetadata().getNamespace(), snapshot.getMetadata().getName(), e.getMessage());
      return;
    }
    listeners
        .getOrDefault(annotations.get(PodSnapshotApi.ORIGIN_NODE), Set.of())
        .forEach(emitter -> emitter.emit(order));
  }

  private CheckpointOrder order(PodSnapshot snapshot, Map<String, String> annotations) {
    var namespace = snapshot.getMetadata().getNamespace();
    return CheckpointOrder.newBuilder()
        .setSnapshot(
            SnapshotRef.newBuilder()
                .setNamespace(namespace)
                .setName(snapshot.getMetadata().getName()))
        .setPod(
            PodRef.newBuilder()
                .setNamespace(namespace)
                .setName(annotations.get(PodSnapshotApi.ORIGIN_POD))
                .setUid(annotations.get(PodSnapshotApi.ORIGIN_POD_UID)))
        .setTrigger(
            "workload".equals(annotations.get(PodSnapshotApi.TRIGGER))
                ? Trigger.WORKLOAD
                : Trigger.MANUAL)
        .setPostCheckpoint(postCheckpoint(annotations))
        .setLocation(GcsPath.parse(snapshot.getStatus().observedGcsPath()))
        .setSpecHash(
            snapshot.getMetadata().getLabels().getOrDefault(PodSnapshotApi.TEMPLATE_HASH, ""))
        .setRetry(snapshot.getStatus().checkpointRetryCount())
        .setScope(
            "rootfs-only".equals(annotations.get(PodSnapshotApi.SCOPE))
                ? Scope.ROOTFS_ONLY
                : Scope.WHOLE_POD)
        .setInPodsName(tokens.inEffect(snapshot))
        .setGpus(Integer.parseInt(annotations.getOrDefault(PodSnapshotApi.GPUS, "0")))
        .build();
  }

  static PostCheckpoint postCheckpoint(Map<String, String> annotations) {
    return "stop".equals(annotations.get(PodSnapshotApi.POST_CHECKPOINT))
        ? PostCheckpoint.STOP
        : PostCheckpoint.RESUME;
  }
}
