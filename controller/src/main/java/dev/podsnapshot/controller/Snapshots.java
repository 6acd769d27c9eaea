package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotStatus;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.HttpURLConnection;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** The PodSnapshots of the cluster: how they are made and how their status is written. */
@ApplicationScoped
class Snapshots {
  private static final int ATTEMPTS = 8;

  private final KubernetesClient client;

  Snapshots(KubernetesClient client) {
    this.client = client;
  }

  Optional<PodSnapshot> find(String namespace, String name) {
    return Optional.ofNullable(
        client.resources(PodSnapshot.class).inNamespace(namespace).withName(name).get());
  }

  /** Whether a snapshot of this name is in any namespace. */
  boolean isAnywhere(String name) {
    return !client
        .resources(PodSnapshot.class)
        .inAnyNamespace()
        .withField("metadata.name", name)
        .list()
        .getItems()
        .isEmpty();
  }

  /** Makes the snapshot if it is not there; its reconciler gives it a status. */
  PodSnapshot ensure(
      String name,
      Pod pod,
      PodSnapshotPolicy policy,
      PodSnapshotStorageConfig storage,
      SnapshotFactory.Cause cause) {
    return find(pod.getMetadata().getNamespace(), name)
        .orElseGet(() -> create(SnapshotFactory.create(name, pod, policy, storage, cause)));
  }

  private PodSnapshot create(PodSnapshot snapshot) {
    var resource = client.resource(snapshot);
    try {
      return resource.create();
    } catch (KubernetesClientException e) {
      if (e.getCode() == HttpURLConnection.HTTP_CONFLICT) {
        return resource.get();
      }
      throw e;
    }
  }

  /** Changes the status as it stands now; empty: the snapshot is gone. */
  Optional<PodSnapshot> updateStatus(
      String namespace, String name, UnaryOperator<PodSnapshotStatus> change) {
    for (var attempt = 1; ; attempt++) {
      var current = find(namespace, name).orElse(null);
      if (current == null) {
        return Optional.empty();
      }
      var old = current.getStatus() == null ? PodSnapshotStatus.EMPTY : current.getStatus();
      var next = change.apply(old);
      if (Objects.equals(old, next)) {
        return Optional.of(current);
      }
      current.setStatus(next);
      try {
        return Optional.of(client.resource(current).updateStatus());
      } catch (KubernetesClientException e) {
        if (e.getCode() == HttpURLConnection.HTTP_NOT_FOUND) {
          return Optional.empty();
        }
        if (e.getCode() != HttpURLConnection.HTTP_CONFLICT || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }
}
