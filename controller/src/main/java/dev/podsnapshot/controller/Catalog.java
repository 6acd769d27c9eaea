package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.List;

/**
 * The cluster's policies and snapshots by namespace, kept by a watch: what a Pod shall do is looked
 * up here, so that the answer costs the API server nothing however many snapshots there are. It may
 * be some milliseconds old; a Pod asks hundreds of them after it was created.
 */
@ApplicationScoped
class Catalog {
  private final KubernetesClient client;
  private SharedIndexInformer<PodSnapshotPolicy> policies;
  private SharedIndexInformer<PodSnapshot> snapshots;

  Catalog(KubernetesClient client) {
    this.client = client;
  }

  void start(@Observes @Priority(1) StartupEvent event) {
    policies = informer(PodSnapshotPolicy.class);
    snapshots = informer(PodSnapshot.class);
  }

  private <T extends HasMetadata> SharedIndexInformer<T> informer(Class<T> type) {
    var informer = client.resources(type).inAnyNamespace().runnableInformer(0);
    // Whatever goes wrong, it goes on: a list that is not kept up would give wrong answers.
    informer.exceptionHandler((started, e) -> true);
    return informer.run();
  }

  /** Whether both lists are kept up. */
  boolean current() {
    return policies.isRunning() && snapshots.isRunning();
  }

  void stop(@Observes ShutdownEvent event) {
    policies.close();
    snapshots.close();
  }

  List<PodSnapshotPolicy> policies(String namespace) {
    return policies.getIndexer().byIndex(Cache.NAMESPACE_INDEX, namespace);
  }

  List<PodSnapshot> snapshots(String namespace) {
    return snapshots.getIndexer().byIndex(Cache.NAMESPACE_INDEX, namespace);
  }
}
