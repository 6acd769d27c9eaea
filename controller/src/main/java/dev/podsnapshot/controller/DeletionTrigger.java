package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.matching.PodFacts;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.jboss.logging.Logger;

/**
 * {@code triggerConfig.type: onDelete}: a snapshot of a Pod that is being deleted, while its
 * containers still run. The node asks before it stops one, and waits for the answer.
 */
@ApplicationScoped
class DeletionTrigger {
  private static final Logger LOG = Logger.getLogger(DeletionTrigger.class);
  private static final String TEXT = "onDelete";
  private static final Duration POLL = Duration.ofMillis(100);

  /** So that the containers are told to stop before kubelet's patience ends. */
  private static final Duration MARGIN = Duration.ofSeconds(2);

  private final KubernetesClient client;
  private final Matches matches;
  private final Snapshots snapshots;
  private final PodNotices notices;

  DeletionTrigger(
      KubernetesClient client, Matches matches, Snapshots snapshots, PodNotices notices) {
    this.client = client;
    this.matches = matches;
    this.snapshots = snapshots;
    this.notices = notices;
  }

  /** Returns when the Pod may be stopped: its checkpoint has ended, failed, or takes too long. */
  void beforeStop(Pod pod) throws InterruptedException {
    if (pod.getMetadata().getDeletionTimestamp() == null) {
      return; // one container is restarted: the Pod stays
    }
    var policy = matches.policyOf(pod);
    if (policy.isEmpty()
        || policy.get().getSpec().triggerConfig().type() != TriggerType.ON_DELETE) {
      return;
    }
    var storage =
        client
            .resources(PodSnapshotStorageConfig.class)
            .withName(policy.get().getSpec().storageConfigName())
            .get();
    var unsupported = PodFacts.unsupported(pod);
    if (storage == null || unsupported.isPresent()) {
      notices.checkpointFailed(
          pod,
          "",
          unsupported.orElse(
              "PodSnapshotStorageConfig %s does not exist"
                  .formatted(policy.get().getSpec().storageConfigName())));
      return;
    }
    var name = SnapshotFactory.nameFor(pod.getMetadata().getUid());
    snapshots.ensure(name, pod, policy.get(), storage, new SnapshotFactory.Cause.Policy(TEXT));
    LOG.infof(
        "pod=%s/%s snapshot=%s phase=trigger type=%s",
        pod.getMetadata().getNamespace(), pod.getMetadata().getName(), name, TEXT);
    awaitCheckpoint(pod, name);
  }

  private void awaitCheckpoint(Pod pod, String name) throws InterruptedException {
    var grace = pod.getMetadata().getDeletionGracePeriodSeconds();
    var limit = Duration.ofSeconds(grace == null ? 30 : grace).minus(MARGIN);
    var end = System.nanoTime() + limit.toNanos();
    while (System.nanoTime() < end) {
      var snapshot = snapshots.find(pod.getMetadata().getNamespace(), name);
      if (snapshot.isEmpty()
          || (snapshot.get().getStatus() != null
              && Conditions.isDecided(
                  snapshot.get().getStatus().conditions(), Conditions.CHECKPOINT))) {
        return;
      }
      Thread.sleep(POLL);
    }
    notices.checkpointFailed(
        pod,
        name,
        "no checkpoint within the Pod's grace period (%d s): set spec.terminationGracePeriodSeconds higher"
            .formatted(grace));
  }
}
