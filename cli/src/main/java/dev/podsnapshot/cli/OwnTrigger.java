package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotManualTrigger;
import dev.podsnapshot.api.PodSnapshotManualTriggerSpec;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The PodSnapshotManualTrigger of one command. Its name is known before it exists, so that an
 * interrupted command can delete what it is just about to create.
 */
final class OwnTrigger {
  /** So many that no two of a namespace are alike. */
  private static final int RANDOM = 9;

  private static final long CREATION_SECONDS = 5;

  private final Cluster cluster;
  private final String pod;
  private final String name;
  private final ReentrantLock creation = new ReentrantLock();
  private boolean abandoned;

  OwnTrigger(Cluster cluster, String pod) {
    this.cluster = cluster;
    this.pod = pod;
    this.name = PodNames.like(pod, RANDOM);
  }

  String name() {
    return name;
  }

  /** Does nothing once the trigger was abandoned. */
  void create() {
    creation.lock();
    try {
      if (!abandoned) {
        var trigger = new PodSnapshotManualTrigger();
        trigger.setMetadata(
            new ObjectMetaBuilder().withName(name).withNamespace(cluster.namespace()).build());
        trigger.setSpec(new PodSnapshotManualTriggerSpec(pod));
        cluster.client().resource(trigger).create();
      }
    } finally {
      creation.unlock();
    }
  }

  Optional<PodSnapshotManualTrigger> find() {
    return Optional.ofNullable(
        cluster
            .client()
            .resources(PodSnapshotManualTrigger.class)
            .inNamespace(cluster.namespace())
            .withName(name)
            .get());
  }

  /** The snapshot that it made. */
  Optional<PodSnapshot> snapshot() {
    return cluster
        .client()
        .resources(PodSnapshot.class)
        .inNamespace(cluster.namespace())
        .withLabel(PodSnapshotApi.TRIGGERED_BY, name)
        .list()
        .getItems()
        .stream()
        .findFirst();
  }

  void delete() {
    cluster
        .client()
        .resources(PodSnapshotManualTrigger.class)
        .inNamespace(cluster.namespace())
        .withName(name)
        .delete();
  }

  /** From now on it is not created; waits for a creation that is under way. */
  void abandon() {
    var locked = false;
    try {
      locked = creation.tryLock(CREATION_SECONDS, TimeUnit.SECONDS);
      abandoned = true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (locked) {
        creation.unlock();
      }
    }
  }
}
