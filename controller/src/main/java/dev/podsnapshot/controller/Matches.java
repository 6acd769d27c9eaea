package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotScope;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerConfig;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.controller.access.BucketTokens;
import dev.podsnapshot.grpc.ColdStart;
import dev.podsnapshot.grpc.EmptyDir;
import dev.podsnapshot.grpc.MatchReply;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.grpc.Scope;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.grpc.Untouched;
import dev.podsnapshot.grpc.WorkloadCheckpoint;
import dev.podsnapshot.matching.Candidate;
import dev.podsnapshot.matching.Decision;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.NodeFingerprint;
import dev.podsnapshot.matching.PodFacts;
import dev.podsnapshot.matching.Policies;
import dev.podsnapshot.matching.PolicyFacts;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Answers what a Pod whose sandbox is being created shall do, and tells its user. */
@ApplicationScoped
class Matches {
  private static final Logger LOG = Logger.getLogger(Matches.class);

  private final KubernetesClient client;
  private final Catalog catalog;
  private final Snapshots snapshots;
  private final PodNotices notices;
  private final RestoresUnderWay restores;
  private final BucketTokens tokens;
  private final MeterRegistry metrics;
  private final Set<String> askedPods = ConcurrentHashMap.newKeySet();

  Matches(
      KubernetesClient client,
      Catalog catalog,
      Snapshots snapshots,
      PodNotices notices,
      RestoresUnderWay restores,
      BucketTokens tokens,
      MeterRegistry metrics) {
    this.restores = restores;
    this.tokens = tokens;
    this.client = client;
    this.catalog = catalog;
    this.snapshots = snapshots;
    this.notices = notices;
    this.metrics = metrics;
  }

  /** Whether any policy selects the Pod. */
  boolean selected(Pod pod) {
    return policyOf(pod).isPresent();
  }

  /** Whether a node asked about the Pod since this controller started. */
  boolean asked(String podUid) {
    return askedPods.contains(podUid);
  }

  void forget(String podUid) {
    askedPods.remove(podUid);
  }

  /** For the node that the Pod is bound to. */
  MatchReply answer(Pod pod, NodeFingerprint node) {
    var begin = System.nanoTime();
    var meta = pod.getMetadata();
    askedPods.add(meta.getUid());
    var policy = policyOf(pod).or(() -> newPolicyOf(pod));
    if (policy.isEmpty()) {
      return untouched();
    }
    var reply = MatchReply.newBuilder();
    var decision = decide(pod, policy.get(), node);
    switch (decision) {
      case Decision.Restore restore -> {
        reply.setRestore(restore(pod, restore));
        restores.begin(meta.getUid(), meta.getNamespace(), restore.snapshot().name());
      }
      case Decision.Cold cold -> {
        reply.setColdStart(
            ColdStart.newBuilder().setReason(cold.reason().text()).setMessage(cold.message()));
        tell(pod, cold);
      }
    }
    workloadCheckpoint(pod, policy.get()).ifPresent(reply::setWorkloadCheckpoint);
    reply.setCheckpointOnDelete(
        policy.get().getSpec().triggerConfig().type() == TriggerType.ON_DELETE);
    reply.addAllEmptyDirs(emptyDirs(pod));
    reply.setGpus(PodFacts.gpus(pod));
    var reason = decision instanceof Decision.Cold cold ? cold.reason().text() : "";
    metrics
        .counter(
            "podsnapshot_matches_total",
            "result",
            reason.isEmpty() ? "restore" : "cold",
            "reason",
            reason)
        .increment();
    var time = Duration.ofNanos(System.nanoTime() - begin);
    metrics.timer("podsnapshot_match").record(time);
    LOG.infof(
        "pod=%s/%s phase=match millis=%d decision=%s",
        meta.getNamespace(), meta.getName(), time.toMillis(), decision);
    return reply.build();
  }

  /** All that {@link #answer} does for a Pod that a policy selects, but nobody is told. */
  void rehearse(Pod pod, NodeFingerprint node) {
    policyOf(pod);
    var policy = new PodSnapshotPolicy();
    policy.setMetadata(pod.getMetadata());
    policy.setSpec(
        new PodSnapshotPolicySpec(null, "", null, new TriggerConfig(null, null), null, null));
    LOG.debugf("phase=rehearsal decision=%s", decide(pod, policy, node));
    emptyDirs(pod);
  }

  /** What the Pod would be restored from if its sandbox were made now; nobody is told. */
  Optional<Restore> foresee(Pod pod, NodeFingerprint node) {
    return policyOf(pod)
        .map(policy -> decide(pod, policy, node))
        .filter(Decision.Restore.class::isInstance)
        .map(decision -> restore(pod, (Decision.Restore) decision));
  }

  Optional<PodSnapshotPolicy> policyOf(Pod pod) {
    return Policies.governing(pod, catalog.policies(pod.getMetadata().getNamespace()));
  }

  /** One that was made just before its Pod; the catalog may not have it yet. */
  private Optional<PodSnapshotPolicy> newPolicyOf(Pod pod) {
    var namespace = pod.getMetadata().getNamespace();
    var found =
        Policies.governing(
            pod,
            client.resources(PodSnapshotPolicy.class).inNamespace(namespace).list().getItems());
    found.ifPresent(
        policy ->
            LOG.infof(
                "pod=%s/%s phase=match policy=%s is newer than the catalog",
                namespace, pod.getMetadata().getName(), policy.getMetadata().getName()));
    return found;
  }

  private Decision decide(Pod pod, PodSnapshotPolicy policy, NodeFingerprint node) {
    var candidates =
        catalog.snapshots(pod.getMetadata().getNamespace()).stream().map(Candidate::of).toList();
    return Matching.decide(PodFacts.of(pod), PolicyFacts.of(policy), node, candidates);
  }

  private static List<EmptyDir> emptyDirs(Pod pod) {
    return pod.getSpec().getVolumes().stream()
        .filter(v -> v.getEmptyDir() != null)
        .map(
            v -> {
              var limit = v.getEmptyDir().getSizeLimit();
              return EmptyDir.newBuilder()
                  .setName(v.getName())
                  .setMemory("Memory".equals(v.getEmptyDir().getMedium()))
                  .setSizeLimitBytes(
                      limit == null ? 0 : Quantity.getAmountInBytes(limit).longValue())
                  .build();
            })
        .toList();
  }

  private Restore restore(Pod pod, Decision.Restore decision) {
    var namespace = pod.getMetadata().getNamespace();
    var snapshot =
        catalog.snapshots(namespace).stream()
            .filter(s -> s.getMetadata().getName().equals(decision.snapshot().name()))
            .findFirst()
            .orElseThrow();
    return Restore.newBuilder()
        .setSnapshot(
            SnapshotRef.newBuilder()
                .setNamespace(namespace)
                .setName(snapshot.getMetadata().getName()))
        .setLocation(GcsPath.parse(snapshot.getStatus().observedGcsPath()))
        .setContainers(
            Integer.parseInt(
                snapshot.getMetadata().getAnnotations().get(PodSnapshotApi.CONTAINER_COUNT)))
        .setScope(
            decision.snapshot().scope().equals("rootfs-only") ? Scope.ROOTFS_ONLY : Scope.WHOLE_POD)
        .addAllInitContainers(
            pod.getSpec().getInitContainers().stream()
                .filter(c -> !"Always".equals(c.getRestartPolicy()))
                .map(Container::getName)
                .toList())
        .setWholeBeforeStart("Never".equals(pod.getSpec().getRestartPolicy()))
        .setInPodsName(tokens.inEffect(snapshot))
        .build();
  }

  /** The snapshot of a workload that triggers itself exists, and waits, as soon as its Pod does. */
  private Optional<WorkloadCheckpoint> workloadCheckpoint(Pod pod, PodSnapshotPolicy policy) {
    if (policy.getSpec().triggerConfig().type() != TriggerType.WORKLOAD
        || PodFacts.unsupported(pod).isPresent()) {
      return Optional.empty();
    }
    var storage =
        client
            .resources(PodSnapshotStorageConfig.class)
            .withName(policy.getSpec().storageConfigName())
            .get();
    if (storage == null) {
      return Optional.empty();
    }
    var name = SnapshotFactory.nameFor(pod.getMetadata().getUid());
    snapshots.ensure(name, pod, policy, storage, new SnapshotFactory.Cause.Policy("workload"));
    var stop = policy.getSpec().triggerConfig().postCheckpoint() == PostCheckpoint.STOP;
    return Optional.of(
        WorkloadCheckpoint.newBuilder()
            .setSnapshot(
                SnapshotRef.newBuilder()
                    .setNamespace(pod.getMetadata().getNamespace())
                    .setName(name))
            .setPostCheckpoint(
                stop
                    ? dev.podsnapshot.grpc.PostCheckpoint.STOP
                    : dev.podsnapshot.grpc.PostCheckpoint.RESUME)
            .setScope(
                policy.getSpec().scope() == SnapshotScope.ROOTFS_ONLY
                    ? Scope.ROOTFS_ONLY
                    : Scope.WHOLE_POD)
            .addAllContainers(
                pod.getSpec().getContainers().stream().map(Container::getName).toList())
            .build());
  }

  /** Beside the answer, which a Pod waits for. */
  private void tell(Pod pod, Decision.Cold cold) {
    Thread.ofVirtual()
        .start(
            () -> {
              if (cold.reason() == Decision.Reason.NO_SNAPSHOT_YET) {
                notices.noSnapshotYet(pod, cold.message());
              } else {
                notices.coldStart(pod, cold.reason().text(), cold.message());
              }
            });
  }

  private static MatchReply untouched() {
    return MatchReply.newBuilder().setUntouched(Untouched.getDefaultInstance()).build();
  }
}
