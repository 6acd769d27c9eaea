package dev.podsnapshot.controller;

import dev.podsnapshot.api.Conditions;
import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.SnapshotScope;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import dev.podsnapshot.api.PodSnapshotStorageConfig;
import dev.podsnapshot.grpc.ColdStart;
import dev.podsnapshot.grpc.MatchReply;
import dev.podsnapshot.grpc.MatchRequest;
import dev.podsnapshot.grpc.Restore;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.grpc.Untouched;
import dev.podsnapshot.grpc.WorkloadCheckpoint;
import dev.podsnapshot.matching.Candidate;
import dev.podsnapshot.matching.Decision;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.NodeFingerprint;
import dev.podsnapshot.matching.PodFacts;
import dev.podsnapshot.matching.PolicyFacts;
import dev.podsnapshot.matching.SpecHash;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/** Answers what a Pod whose sandbox is being created shall do, and tells its user. */
@ApplicationScoped
class Matches {
  private static final Logger LOG = Logger.getLogger(Matches.class);

  private final KubernetesClient client;
  private final Snapshots snapshots;
  private final PodNotices notices;
  private final MeterRegistry metrics;
  private final Set<String> askedPods = ConcurrentHashMap.newKeySet();

  Matches(KubernetesClient client, Snapshots snapshots, PodNotices notices, MeterRegistry metrics) {
    this.client = client;
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

  MatchReply answer(MatchRequest request) {
    var ref = request.getPod();
    askedPods.add(ref.getUid());
    var pod = client.pods().inNamespace(ref.getNamespace()).withName(ref.getName()).get();
    if (pod == null || !pod.getMetadata().getUid().equals(ref.getUid())) {
      return untouched();
    }
    var policy = policyOf(pod);
    if (policy.isEmpty()) {
      return untouched();
    }
    var reply = MatchReply.newBuilder();
    var decision = decide(pod, policy.get(), NodeFingerprint.of(request.getFingerprint()));
    switch (decision) {
      case Decision.Restore restore ->
          reply.setRestore(restore(pod.getMetadata().getNamespace(), restore));
      case Decision.Cold cold -> {
        reply.setColdStart(
            ColdStart.newBuilder().setReason(cold.reason().text()).setMessage(cold.message()));
        tell(pod, cold);
      }
    }
    workloadCheckpoint(pod, policy.get()).ifPresent(reply::setWorkloadCheckpoint);
    var reason = decision instanceof Decision.Cold cold ? cold.reason().text() : "";
    metrics
        .counter(
            "podsnapshot_matches_total",
            "result",
            reason.isEmpty() ? "restore" : "cold",
            "reason",
            reason)
        .increment();
    LOG.infof("pod=%s/%s phase=match decision=%s", ref.getNamespace(), ref.getName(), decision);
    return reply.build();
  }

  private Optional<PodSnapshotPolicy> policyOf(Pod pod) {
    return Policies.governing(
        pod,
        client
            .resources(PodSnapshotPolicy.class)
            .inNamespace(pod.getMetadata().getNamespace())
            .list()
            .getItems());
  }

  private Decision decide(Pod pod, PodSnapshotPolicy policy, NodeFingerprint node) {
    var annotations =
        pod.getMetadata().getAnnotations() == null
            ? Map.<String, String>of()
            : pod.getMetadata().getAnnotations();
    var facts =
        new PodFacts(
            pod.getMetadata().getNamespace(),
            SpecHash.of(pod.getSpec()),
            Policies.labels(pod),
            Optional.ofNullable(annotations.get(PodSnapshotApi.RESTORE_FROM)),
            unsupported(pod, policy));
    var candidates =
        client
            .resources(PodSnapshot.class)
            .inNamespace(pod.getMetadata().getNamespace())
            .list()
            .getItems()
            .stream()
            .map(Matches::candidate)
            .toList();
    return Matching.decide(
        facts,
        new PolicyFacts(policy.getMetadata().getName(), policy.getSpec().groupingLabels()),
        node,
        candidates);
  }

  private static Optional<String> unsupported(Pod pod, PodSnapshotPolicy policy) {
    if (policy.getSpec().snapshotScope() == SnapshotScope.ROOTFS_ONLY) {
      return Optional.of("spec.snapshotScope rootfs-only is not supported yet");
    }
    if (Boolean.TRUE.equals(pod.getSpec().getHostNetwork())) {
      return Optional.of("Pods with hostNetwork can't be restored");
    }
    if (pod.getSpec().getInitContainers().stream()
        .anyMatch(c -> !"Always".equals(c.getRestartPolicy()))) {
      return Optional.of("Pods with init containers can't be restored");
    }
    return Optional.empty();
  }

  static Candidate candidate(PodSnapshot snapshot) {
    var meta = snapshot.getMetadata();
    var labels = meta.getLabels() == null ? Map.<String, String>of() : meta.getLabels();
    var features =
        meta.getAnnotations() == null
            ? null
            : meta.getAnnotations().get(PodSnapshotApi.CPU_FEATURES);
    return new Candidate(
        meta.getName(),
        snapshot.getSpec().policyName(),
        Instant.parse(meta.getCreationTimestamp()),
        snapshot.getStatus() != null
            && Conditions.isTrue(snapshot.getStatus().conditions(), Conditions.READY),
        meta.getDeletionTimestamp() != null,
        labels.getOrDefault(PodSnapshotApi.TEMPLATE_HASH, ""),
        labels,
        features == null
            ? null
            : new NodeFingerprint(
                labels.getOrDefault(PodSnapshotApi.RUNSC_VERSION, ""),
                labels.getOrDefault(PodSnapshotApi.RUNSC_PLATFORM, ""),
                labels.getOrDefault(PodSnapshotApi.ARCHITECTURE, ""),
                Set.of(features.split(" "))));
  }

  private Restore restore(String namespace, Decision.Restore decision) {
    var snapshot = snapshots.find(namespace, decision.snapshot().name()).orElseThrow();
    return Restore.newBuilder()
        .setSnapshot(
            SnapshotRef.newBuilder()
                .setNamespace(namespace)
                .setName(snapshot.getMetadata().getName()))
        .setLocation(GcsPath.parse(snapshot.getStatus().observedGcsPath()))
        .setContainers(
            Integer.parseInt(
                snapshot.getMetadata().getAnnotations().get(PodSnapshotApi.CONTAINER_COUNT)))
        .build();
  }

  /** The snapshot of a workload that triggers itself exists, and waits, as soon as its Pod does. */
  private Optional<WorkloadCheckpoint> workloadCheckpoint(Pod pod, PodSnapshotPolicy policy) {
    if (policy.getSpec().triggerConfig().type() != TriggerType.WORKLOAD
        || unsupported(pod, policy).isPresent()) {
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
    snapshots.ensure(name, pod, policy, storage, null);
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
