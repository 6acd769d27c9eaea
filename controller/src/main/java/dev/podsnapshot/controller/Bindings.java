package dev.podsnapshot.controller;

import dev.podsnapshot.grpc.Binding;
import dev.podsnapshot.grpc.NodeRef;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Pod;
import io.smallrye.mutiny.Multi;
import io.smallrye.mutiny.subscription.BackPressureStrategy;
import io.smallrye.mutiny.subscription.MultiEmitter;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * Tells a node of the Pods that were just bound to it and will be restored: kubelet and the runtime
 * have work to do before they ask, and the snapshot can be on its way meanwhile.
 */
@ApplicationScoped
class Bindings implements PodInformer.PodListener {
  private static final Logger LOG = Logger.getLogger(Bindings.class);

  private record Listener(NodeFingerprint fingerprint, MultiEmitter<? super Binding> emitter) {}

  private final Matches matches;
  private final Map<String, Set<Listener>> listeners = new ConcurrentHashMap<>();
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  Bindings(Matches matches) {
    this.matches = matches;
  }

  Multi<Binding> of(NodeRef node) {
    return Multi.createFrom()
        .emitter(
            emitter -> {
              var listener = new Listener(NodeFingerprint.of(node.getFingerprint()), emitter);
              var ofNode =
                  listeners.computeIfAbsent(node.getNode(), key -> ConcurrentHashMap.newKeySet());
              ofNode.add(listener);
              emitter.onTermination(() -> ofNode.remove(listener));
            },
            BackPressureStrategy.BUFFER);
  }

  @Override
  public void seen(Pod pod) {
    var uid = pod.getMetadata().getUid();
    var node = pod.getSpec().getNodeName();
    if (node == null
        || !"gvisor".equals(pod.getSpec().getRuntimeClassName())
        || !"Pending".equals(pod.getStatus().getPhase())
        || pod.getMetadata().getDeletionTimestamp() != null
        || matches.asked(uid)
        || !told.add(uid)) {
      return;
    }
    var ofNode = listeners.getOrDefault(node, Set.of());
    if (!ofNode.isEmpty()) {
      Thread.ofVirtual().name("binding-" + uid).start(() -> tell(pod, ofNode));
    }
  }

  private void tell(Pod pod, Set<Listener> ofNode) {
    var meta = pod.getMetadata();
    for (var listener : ofNode) {
      matches
          .foresee(pod, listener.fingerprint())
          .ifPresent(
              restore -> {
                LOG.infof(
                    "pod=%s/%s snapshot=%s phase=binding",
                    meta.getNamespace(), meta.getName(), restore.getSnapshot().getName());
                listener
                    .emitter()
                    .emit(
                        Binding.newBuilder()
                            .setPod(
                                PodRef.newBuilder()
                                    .setNamespace(meta.getNamespace())
                                    .setName(meta.getName())
                                    .setUid(meta.getUid()))
                            .setRestore(restore)
                            .build());
              });
    }
  }

  @Override
  public void gone(Pod pod) {
    told.remove(pod.getMetadata().getUid());
  }
}
