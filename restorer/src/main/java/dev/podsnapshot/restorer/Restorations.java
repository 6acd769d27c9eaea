package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.Fleet;
import dev.podsnapshot.grpc.MatchReply;
import dev.podsnapshot.grpc.MatchRequest;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.PostCheckpoint;
import dev.podsnapshot.grpc.RestoreReport;
import dev.podsnapshot.grpc.Scope;
import dev.podsnapshot.manifest.SnapshotFolder;
import dev.podsnapshot.restorer.Timeline.Phase;
import dev.podsnapshot.runsc.CudaCheckpoint;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscException;
import dev.podsnapshot.runsc.Sandbox;
import io.grpc.Status;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.grpc.GrpcClient;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;

/** The course of every restore on this node, from the first question of the hook to the report. */
@ApplicationScoped
class Restorations {
  private static final Logger LOG = Logger.getLogger(Restorations.class);
  private static final String PASS = "pass";

  /** How long a created container may take to have its files. */
  private static final Duration FILES_PATIENCE = Duration.ofMinutes(2);

  private final RestorerConfig config;
  private final SnapshotCache cache;
  private final Runsc runsc;
  private final CudaCheckpoint cuda;
  private final Fleet fleet;
  private final Reports reports;
  private final LiveRestores liveRestores;
  private final BucketTokens tokens;
  private final MeterRegistry metrics;

  /** By sandbox id; those of Pods that a policy selects, until the sandbox is gone. */
  private final Map<String, Plan> plans = new ConcurrentHashMap<>();

  /** The sandbox of each container that shall be restored. */
  private final Map<String, String> sandboxOf = new ConcurrentHashMap<>();

  /** The Pod of each container whose stop waits for a snapshot. */
  private final Map<String, PodRef> stoppable = new ConcurrentHashMap<>();

  /** UIDs of Pods whose restore failed: their next sandbox starts cold. */
  private final Set<String> failedPods = ConcurrentHashMap.newKeySet();

  Restorations(
      RestorerConfig config,
      SnapshotCache cache,
      Runsc runsc,
      CudaCheckpoint cuda,
      @GrpcClient("fleet") Fleet fleet,
      Reports reports,
      LiveRestores liveRestores,
      BucketTokens tokens,
      MeterRegistry metrics) {
    this.config = config;
    this.cache = cache;
    this.runsc = runsc;
    this.cuda = cuda;
    this.fleet = fleet;
    this.reports = reports;
    this.liveRestores = liveRestores;
    this.tokens = tokens;
    this.metrics = metrics;
  }

  /** Sandboxes that still read pages when an earlier restorer ended have ended with it. */
  void recall(@Observes @Priority(1) StartupEvent start) {
    for (var pod : liveRestores.interrupted()) {
      failedPods.add(pod.getUid());
      reports.coldStart(
          pod, "RestorerUnavailable", "the restorer ended while the snapshot's pages arrived");
    }
  }

  /** Never throws: whatever fails here, the container starts as if we were not there. */
  String answer(List<String> words) {
    var begin = System.nanoTime();
    var verb = words.getFirst();
    try {
      return switch (verb) {
        case "create" -> create(words.get(1), Path.of(words.get(2)));
        case "start" -> start(words.get(1));
        case "files" -> files(words.get(1));
        case "restored" -> restored(words.get(1));
        case "stopping" -> stopping(words.get(1));
        case "failed" -> failed(words.get(1), words.get(2));
        default -> PASS;
      };
    } catch (IOException | RuntimeException e) {
      LOG.errorf(e, "hook verb=%s: answered pass", verb);
      metrics.counter("podsnapshot_hook_failures_total", "verb", verb).increment();
      return PASS;
    } finally {
      metrics
          .timer("podsnapshot_hook", "verb", verb)
          .record(System.nanoTime() - begin, TimeUnit.NANOSECONDS);
    }
  }

  private String create(String id, Path directory) throws IOException {
    var bundle = Bundle.read(directory);
    return bundle.isSandbox() ? createSandbox(id, bundle) : createContainer(id, bundle);
  }

  private String createSandbox(String id, Bundle bundle) throws IOException {
    var asked = System.nanoTime();
    var pod =
        PodRef.newBuilder()
            .setNamespace(bundle.annotation(Sandbox.POD_NAMESPACE))
            .setName(bundle.annotation(Sandbox.POD_NAME))
            .setUid(bundle.annotation(Sandbox.POD_UID))
            .build();
    try {
      return decide(id, pod, bundle, asked);
    } finally {
      Thread.ofVirtual().name("forget").start(this::forgetDeadSandboxes);
    }
  }

  private String decide(String id, PodRef pod, Bundle bundle, long asked) throws IOException {
    MatchReply reply;
    try {
      reply =
          fleet
              .match(
                  MatchRequest.newBuilder()
                      .setPod(pod)
                      .setNode(config.node())
                      .setFingerprint(runsc.fingerprint().wire())
                      .build())
              .onFailure(e -> Status.fromThrowable(e).getCode() == Status.Code.UNAVAILABLE)
              .retry()
              .withBackOff(Duration.ofMillis(50), Duration.ofMillis(200))
              .expireIn(config.matchDeadline().toMillis())
              .await()
              .atMost(config.matchDeadline());
    } catch (RunscException | RuntimeException e) {
      LOG.warnf(
          "pod=%s/%s phase=match: no answer from the controller, cold start: %s",
          pod.getNamespace(), pod.getName(), e.toString());
      reports.coldStart(pod, "ControllerUnavailable", "the controller did not answer in time");
      return PASS;
    }
    var matched = System.nanoTime();
    if (reply.hasUntouched()) {
      return PASS;
    }
    bundle.portable();
    var volumes = new EmptyDirs(config.kubeletRoot(), pod.getUid(), reply.getEmptyDirsList());
    volumes.describeTo(bundle);
    var gpus = reply.getGpus() > 0;
    var workload = reply.hasWorkloadCheckpoint() ? reply.getWorkloadCheckpoint() : null;
    if (gpus && workload != null && workload.getScope() != Scope.ROOTFS_ONLY) {
      // The snapshotter tells the user; the workload must not begin what would fail.
      workload = cuda.impossible().isEmpty() ? workload : null;
    }
    if (workload != null) {
      var spool = SnapshotFolder.in(config.spool(), workload.getSnapshot().getName());
      Files.createDirectories(spool);
      var resume = workload.getPostCheckpoint() == PostCheckpoint.RESUME;
      if (workload.getScope() == Scope.ROOTFS_ONLY) {
        bundle.checkpointRootfsInto(spool, workload.getContainersList(), resume);
      } else {
        bundle.checkpointInto(spool, resume, true);
        if (gpus) {
          bundle.checkpointGpus(cuda.sequential());
        }
      }
    }
    bundle.write();

    if (!reply.hasRestore() || failedPods.contains(pod.getUid())) {
      plans.put(
          id,
          new Plan(pod, null, workload, null, reply.getCheckpointOnDelete(), volumes, gpus, asked));
      LOG.infof(
          "pod=%s/%s phase=match millis=%d cold start: %s",
          pod.getNamespace(),
          pod.getName(),
          TimeUnit.NANOSECONDS.toMillis(matched - asked),
          reply.getColdStart().getMessage());
      return PASS;
    }
    var restore = reply.getRestore();
    var plan =
        new Plan(
            pod,
            restore,
            workload,
            cache.stage(restore, tokens.of(pod, restore)),
            reply.getCheckpointOnDelete(),
            volumes,
            gpus,
            asked);
    plans.put(id, plan);
    plan.timeline().end(Phase.MATCH, matched);
    plan.timeline().end(Phase.BUNDLE, System.nanoTime());
    LOG.infof(
        "pod=%s/%s phase=match snapshot=%s millis=%d",
        pod.getNamespace(),
        pod.getName(),
        restore.getSnapshot().getName(),
        TimeUnit.NANOSECONDS.toMillis(matched - asked));
    return restore.getScope() == Scope.ROOTFS_ONLY ? "files" : "plan " + id;
  }

  private String createContainer(String id, Bundle bundle) throws IOException {
    var sandbox = bundle.annotation(Sandbox.SANDBOX_ID);
    var plan = plans.get(sandbox);
    if (plan == null) {
      return PASS;
    }
    bundle.portable();
    plan.emptyDirs().mountIn(bundle);
    if (plan.gpus() && cuda.isThere()) {
      bundle.bindProgram(CudaCheckpoint.IN_CONTAINER, cuda.program());
    }
    if (plan.checkpoint().isPresent()) {
      if (plan.checkpoint().get().getScope() == Scope.ROOTFS_ONLY) {
        bundle.enableRootfsCheckpoint();
      } else {
        bundle.enableCheckpoint();
      }
    }
    bundle.write();
    if (plan.onDelete()) {
      Files.createDirectories(config.onDeleteNotes());
      Files.writeString(config.onDeleteNotes().resolve(id), sandbox);
      stoppable.put(id, plan.pod());
    }
    if (!plan.restores()) {
      return PASS;
    }
    var name = bundle.annotation(Sandbox.CONTAINER_NAME);
    if (plan.skips(name)) {
      LOG.infof(
          "pod=%s/%s container=%s phase=restore skipped: what it did is in the snapshot",
          plan.pod().getNamespace(), plan.pod().getName(), name);
      return "skip";
    }
    if (!plan.rootfs() && !plan.restored().contains(sandbox)) {
      // The answer about its sandbox came too late for the hook: it runs, and runs cold.
      withdraw(plan, "RestorerUnavailable", "the restorer did not answer the runtime in time");
      return PASS;
    }
    sandboxOf.put(id, sandbox);
    if (plan.rootfs()) {
      Thread.ofVirtual().name("files-" + id).start(() -> awaitFiles(id));
      return PASS;
    }
    return "plan " + sandbox;
  }

  /** Waits for the snapshot: the sandbox can't go on without. */
  private String start(String sandbox) {
    var plan = plans.get(sandbox);
    if (plan == null || !plan.restores()) {
      return PASS;
    }
    plan.timeline().end(Phase.SANDBOX, System.nanoTime());
    try {
      var directory = plan.staging().directory(config.stageDeadline().toMillis());
      plan.timeline().end(Phase.STAGE, System.nanoTime());
      if (!directory.startsWith(config.cache())) {
        expectPages(plan);
      }
      metrics.counter("podsnapshot_node_staged_total").increment();
      plan.containerRestored(sandbox);
      if (!plan.rootfs()) {
        Thread.ofVirtual().name("watch-" + sandbox).start(() -> watch(sandbox, plan));
      }
      return "restore " + directory;
    } catch (IOException e) {
      withdraw(plan, "StagingFailed", "the node's disk: " + e.getMessage());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StagingException staging) {
        withdraw(plan, staging.reason(), staging.getMessage());
      } else {
        withdraw(plan, "StagingFailed", String.valueOf(e.getCause()));
      }
    } catch (TimeoutException e) {
      withdraw(
          plan,
          "StagingTimeout",
          "the snapshot did not arrive within " + config.stageDeadline().toSeconds() + " s");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      withdraw(plan, "StagingFailed", "the restorer was stopped");
    }
    return PASS;
  }

  /**
   * The Pod is restored through the live folder. If pages can't be had, gVisor ends the sandbox
   * when it reads one of them (runsc/boot/restore.go, postRestore), and kubelet makes a new one:
   * that one shall start cold, so it has to be known before the read fails.
   */
  private void expectPages(Plan plan) throws IOException {
    liveRestores.begin(plan.pod());
    plan.staging()
        .whole()
        .whenComplete(
            (staged, e) -> {
              if (e != null) {
                failedPods.add(plan.pod().getUid());
              }
            });
  }

  /** Gives up a sandbox whose containers do not all come: none of them runs until then. */
  private void watch(String sandbox, Plan plan) {
    try {
      Thread.sleep(config.containersDeadline());
      if (!plan.pending()) {
        return;
      }
      failedPods.add(plan.pod().getUid());
      withdraw(
          plan,
          "RestoreIncomplete",
          "not all containers of the Pod were started within %d s after its sandbox was restored"
              .formatted(config.containersDeadline().toSeconds()));
      runsc.end(sandbox);
      Files.deleteIfExists(config.restoringNotes().resolve(sandbox));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RunscException | IOException e) {
      LOG.errorf("sandbox=%s phase=restore can't be ended: %s", sandbox, e.getMessage());
    }
  }

  /** The folder from which the sandbox shall take its containers' root file systems. */
  private String files(String sandbox) {
    var answer = start(sandbox);
    return answer.equals(PASS) ? PASS : answer.replaceFirst("restore", "files");
  }

  /** The container is created by now, or will be soon. */
  private void awaitFiles(String container) {
    var deadline = System.nanoTime() + FILES_PATIENCE.toNanos();
    while (true) {
      try {
        runsc.waitForRootfsRestore(container);
        restored(container);
        return;
      } catch (RunscException e) {
        var sandbox = sandboxOf.get(container);
        var plan = sandbox == null ? null : plans.get(sandbox);
        if (plan == null || !plan.restores()) {
          return;
        }
        if (System.nanoTime() > deadline) {
          withdraw(plan, "RestoreFailed", e.getMessage());
          return;
        }
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /** Answers when the container may be stopped. */
  private String stopping(String container) throws IOException {
    var pod = stoppable.remove(container);
    Files.deleteIfExists(config.onDeleteNotes().resolve(container));
    if (pod == null) {
      return PASS;
    }
    try {
      fleet.stopping(pod).await().atMost(config.stopDeadline());
    } catch (RuntimeException e) {
      LOG.warnf(
          "pod=%s/%s phase=on-delete is stopped without a snapshot: %s",
          pod.getNamespace(), pod.getName(), e.toString());
      metrics.counter("podsnapshot_on_delete_failures_total").increment();
    }
    return "ok";
  }

  private String restored(String container) {
    var sandbox = sandboxOf.remove(container);
    var plan = sandbox == null ? null : plans.get(sandbox);
    if (plan != null && plan.containerRestored(container)) {
      Thread.ofVirtual().name("restore-" + sandbox).start(() -> complete(sandbox, plan));
    }
    return "ok";
  }

  private void complete(String sandbox, Plan plan) {
    plan.timeline().end(Phase.CONTAINERS, System.nanoTime());
    try {
      for (var id : plan.restored()) {
        Files.deleteIfExists(config.restoringNotes().resolve(id));
      }
      if (!plan.rootfs()) {
        runsc.waitForRestore(sandbox);
      }
      plan.timeline().end(Phase.PAGES, System.nanoTime());
      liveRestores.end(plan.pod());
      // A chunk that could not be had and that gVisor did not want is no failure of the restore.
      var staged =
          plan.staging().whole().exceptionally(e -> new Staged(config.cache(), 0, 0, false)).join();
      var millis = plan.timeline().whole().toMillis();
      metrics
          .counter("podsnapshot_node_restores_total", "result", "restored", "reason", "")
          .increment();
      plan.timeline()
          .phases()
          .forEach(
              (phase, time) ->
                  metrics.timer("podsnapshot_restore", "phase", phase.label()).record(time));
      LOG.infof(
          "pod=%s/%s snapshot=%s phase=restored bytes=%d staged_millis=%d millis=%d cache_hit=%s %s",
          plan.pod().getNamespace(),
          plan.pod().getName(),
          plan.restore().getSnapshot().getName(),
          staged.bytes(),
          staged.millis(),
          millis,
          staged.cacheHit(),
          plan.timeline());
      reports.send(
          RestoreReport.newBuilder()
              .setPod(plan.pod())
              .setSnapshot(plan.restore().getSnapshot())
              .setBytes(staged.bytes())
              .setStageMillis(staged.cacheHit() ? 0 : staged.millis())
              .setCacheHit(staged.cacheHit())
              .setRestoreMillis(millis)
              .build());
      release(plan);
    } catch (RunscException | IOException e) {
      LOG.errorf("sandbox=%s phase=restore: %s", sandbox, e.getMessage());
      failedPods.add(plan.pod().getUid());
      withdrawFailed(plan, e.getMessage());
    }
  }

  private String failed(String id, String text) {
    var plan = plans.get(sandboxOf.getOrDefault(id, id));
    if (plan != null && plan.restore() != null) {
      failedPods.add(plan.pod().getUid());
      cache.distrust(plan.restore());
      withdrawFailed(plan, text.isBlank() ? "runsc restore failed" : text);
    }
    return "ok";
  }

  /** gVisor failed; where that is because bytes could not be had, this is the reason to tell. */
  private void withdrawFailed(Plan plan, String text) {
    plan.staging()
        .failure()
        .ifPresentOrElse(
            e -> withdraw(plan, e.reason(), e.getMessage()),
            () -> withdraw(plan, "RestoreFailed", text));
  }

  private void withdraw(Plan plan, String reason, String message) {
    if (plan.withdraw()) {
      liveRestores.end(plan.pod());
      release(plan);
      metrics
          .counter("podsnapshot_node_restores_total", "result", "cold", "reason", reason)
          .increment();
      LOG.warnf(
          "pod=%s/%s snapshot=%s phase=restore reason=%s cold start: %s",
          plan.pod().getNamespace(),
          plan.pod().getName(),
          plan.restore().getSnapshot().getName(),
          reason,
          message);
      reports.send(
          RestoreReport.newBuilder()
              .setPod(plan.pod())
              .setSnapshot(plan.restore().getSnapshot())
              .setReason(reason)
              .setMessage(message)
              .build());
    }
  }

  /** What the plan holds in the cache, once. */
  private void release(Plan plan) {
    if (plan.release()) {
      cache.release(plan.restore());
    }
  }

  private void forgetDeadSandboxes() {
    try {
      var live = ConcurrentHashMap.<String>newKeySet();
      runsc.sandboxes().forEach(s -> live.add(s.id()));
      var young = System.nanoTime() - TimeUnit.MINUTES.toNanos(5);
      for (var plan : Map.copyOf(plans).entrySet()) {
        if (!live.contains(plan.getKey()) && plan.getValue().begunNanos() < young) {
          plans.remove(plan.getKey());
          release(plan.getValue());
        }
      }
      sandboxOf.values().removeIf(sandbox -> !plans.containsKey(sandbox));
      var livePods = new HashSet<String>();
      plans.values().forEach(plan -> livePods.add(plan.pod().getUid()));
      stoppable.values().removeIf(pod -> !livePods.contains(pod.getUid()));
      if (failedPods.size() > 10_000) {
        failedPods.clear();
      }
    } catch (RunscException e) {
      LOG.warnf("phase=forget: %s", e.getMessage());
    }
  }
}
