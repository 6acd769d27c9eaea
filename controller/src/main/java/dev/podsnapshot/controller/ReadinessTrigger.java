package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.controller.leader.Leading;
import dev.podsnapshot.matching.PodFacts;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * {@code triggerConfig.type: readinessProbe}: one snapshot of a Pod when it turns ready for the
 * first time. A Pod that was restored has nothing new to save.
 */
@ApplicationScoped
class ReadinessTrigger implements PodInformer.PodListener {
  private static final Logger LOG = Logger.getLogger(ReadinessTrigger.class);
  private static final String TEXT = "readinessProbe";

  /** The nodes find a new leader, and tell it what they could not tell the last one. */
  private static final Duration REPORTS = Duration.ofSeconds(20);

  private final KubernetesClient client;
  private final Matches matches;
  private final Snapshots snapshots;
  private final RestoresUnderWay restores;
  private final PodNotices notices;
  private volatile Instant since = Instant.now();
  private final Set<String> handled = ConcurrentHashMap.newKeySet();

  ReadinessTrigger(
      KubernetesClient client,
      Matches matches,
      Snapshots snapshots,
      RestoresUnderWay restores,
      PodNotices notices) {
    this.client = client;
    this.matches = matches;
    this.snapshots = snapshots;
    this.restores = restores;
    this.notices = notices;
  }

  void lead(@Observes @Priority(1) Leading event) {
    since = Instant.now();
  }

  @Override
  public void seen(Pod pod) {
    var uid = pod.getMetadata().getUid();
    if (!"gvisor".equals(pod.getSpec().getRuntimeClassName())
        || pod.getMetadata().getDeletionTimestamp() != null
        || !has(pod, "Ready")
        || has(pod, PodSnapshotApi.POD_SNAPSHOT_TRIGGERED)
        || has(pod, PodSnapshotApi.POD_RESTORED)
        || !handled.add(uid)) {
      return;
    }
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                snapshot(pod);
              } catch (KubernetesClientException e) {
                handled.remove(uid); // the Pod's next change tries again
                LOG.warnf(
                    "pod=%s/%s phase=trigger: %s",
                    pod.getMetadata().getNamespace(), pod.getMetadata().getName(), e.getMessage());
              }
            });
  }

  @Override
  public void gone(Pod pod) {
    handled.remove(pod.getMetadata().getUid());
  }

  /** What an earlier leader knew of restores under way is told once more by their nodes. */
  private void awaitReports(Pod pod) {
    var started = pod.getStatus().getStartTime();
    var left = Duration.between(Instant.now(), since.plus(REPORTS));
    if (started != null && Instant.parse(started).isBefore(since) && left.isPositive()) {
      try {
        Thread.sleep(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Whether the Pod is being restored or was. The watch may be behind: the condition is written
   * before the restore counts as ended, so who finds it ended sees the condition.
   */
  private boolean restored(Pod pod) {
    if (restores.ofPod(pod.getMetadata().getUid())) {
      return true;
    }
    var now = client.resource(pod).get();
    return now == null || has(now, PodSnapshotApi.POD_RESTORED);
  }

  private void snapshot(Pod pod) {
    var policy = matches.policyOf(pod);
    if (policy.isEmpty()
        || policy.get().getSpec().triggerConfig().type() != TriggerType.READINESS_PROBE
        || PodFacts.unsupported(pod).isPresent()) {
      return;
    }
    awaitReports(pod);
    if (restored(pod)) {
      handled.remove(pod.getMetadata().getUid()); // a restore that fails ends in a cold start
      return;
    }
    var storage =
        client
            .resources(PodSnapshotStorageConfig.class)
            .withName(policy.get().getSpec().storageConfigName())
            .get();
    if (storage == null) {
      notices.checkpointFailed(
          pod,
          "",
          "PodSnapshotStorageConfig %s does not exist"
              .formatted(policy.get().getSpec().storageConfigName()));
      return;
    }
    var name = SnapshotFactory.nameFor(pod.getMetadata().getUid());
    snapshots.ensure(name, pod, policy.get(), storage, new SnapshotFactory.Cause.Policy(TEXT));
    notices.triggered(pod, TEXT, name);
    LOG.infof(
        "pod=%s/%s snapshot=%s phase=trigger type=%s",
        pod.getMetadata().getNamespace(), pod.getMetadata().getName(), name, TEXT);
  }

  private static boolean has(Pod pod, String type) {
    return pod.getStatus().getConditions().stream()
        .anyMatch(c -> c.getType().equals(type) && "True".equals(c.getStatus()));
  }
}
