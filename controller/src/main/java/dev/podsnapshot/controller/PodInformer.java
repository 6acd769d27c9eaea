package dev.podsnapshot.controller;

import dev.podsnapshot.controller.leader.Leading;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.quarkus.arc.All;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;

/** One watch over all Pods, for all who listen, while this replica leads. */
@ApplicationScoped
class PodInformer {
  private final KubernetesClient client;
  private final List<PodListener> listeners;
  private SharedIndexInformer<Pod> informer;

  PodInformer(KubernetesClient client, @All List<PodListener> listeners) {
    this.client = client;
    this.listeners = listeners;
  }

  /** Hears of each Pod that is new or changed, and of those that are gone; must not block. */
  interface PodListener {
    void seen(Pod pod);

    void gone(Pod pod);
  }

  void start(@Observes Leading event) {
    informer =
        client
            .pods()
            .inAnyNamespace()
            .inform(
                new ResourceEventHandler<>() {
                  @Override
                  public void onAdd(Pod pod) {
                    listeners.forEach(l -> l.seen(pod));
                  }

                  @Override
                  public void onUpdate(Pod old, Pod pod) {
                    listeners.forEach(l -> l.seen(pod));
                  }

                  @Override
                  public void onDelete(Pod pod, boolean finalStateUnknown) {
                    listeners.forEach(l -> l.gone(pod));
                  }
                });
  }

  void stop(@Observes ShutdownEvent event) {
    if (informer != null) {
      informer.close();
    }
  }
}
