package dev.podsnapshot.api;

/** Names of the API that are not fields: group, versions, annotations, labels, event reasons. */
public final class PodSnapshotApi {
  public static final String GROUP = "podsnapshot.gke.io";

  /** The stored version. {@code v1alpha1} is served with the same schema. */
  public static final String VERSION = "v1";

  public static final String PREVIEW_VERSION = "v1alpha1";

  /** Pod annotation: restore from this PodSnapshot; empty: never restore. */
  public static final String RESTORE_FROM = "podsnapshot.gke.io/ps-name";

  public static final String ORIGIN_POD = "podsnapshot.gke.io/origin-pod";
  public static final String ORIGIN_POD_UID = "podsnapshot.gke.io/origin-pod-uid";
  public static final String ORIGIN_NODE = "podsnapshot.gke.io/origin-node";

  /** Annotation on a PodSnapshot: the post-checkpoint behaviour in force when it was ordered. */
  public static final String POST_CHECKPOINT = "podsnapshot.gke.io/post-checkpoint";

  /** Annotation on a PodSnapshot: who starts the checkpoint, {@code manual} or {@code workload}. */
  public static final String TRIGGER = "podsnapshot.gke.io/trigger";

  /** Annotation on a PodSnapshot: the CPU features that its sandbox was created with. */
  public static final String CPU_FEATURES = "podsnapshot.gke.io/cpu-features";

  /** Annotation on a PodSnapshot: how many containers it holds, the sandbox's own included. */
  public static final String CONTAINER_COUNT = "podsnapshot.gke.io/container-count";

  /** Annotation on a PodSnapshot: {@code whole-pod} or {@code rootfs-only}. */
  public static final String SCOPE = "podsnapshot.gke.io/snapshot-scope";

  /** Annotation on a Node: its fingerprint as JSON, put there when its agent connects. */
  public static final String NODE_FINGERPRINT = "podsnapshot.dev/fingerprint";

  /** Key of a taint that nodes may be registered with: it goes when their agent is ready. */
  public static final String AGENT_NOT_READY = "podsnapshot.dev/agent-not-ready";

  /** Annotation on a PodSnapshot: where its files shall lie; its status repeats it. */
  public static final String GCS_PATH = "podsnapshot.gke.io/gcs-path";

  /**
   * Annotation on a PodSnapshot: when it was made, as an ISO instant with fractions of a second.
   */
  public static final String CREATED_AT = "podsnapshot.dev/created-at";

  /** Annotation on a PodSnapshot: the ServiceAccount of its Pod, in whose name it is uploaded. */
  public static final String SERVICE_ACCOUNT = "podsnapshot.dev/service-account";

  /** Annotation on a PodSnapshot: the {@code tokenSource} of its storage when it was made. */
  public static final String TOKEN_SOURCE = "podsnapshot.dev/token-source";

  /** Annotation on a PodSnapshot: UID of the trigger object that made it. */
  public static final String TRIGGER_UID = "podsnapshot.gke.io/trigger-uid";

  public static final String TEMPLATE_HASH = "podsnapshot.gke.io/pod-template-hash";
  public static final String RUNSC_VERSION = "podsnapshot.gke.io/runsc-version";
  public static final String RUNSC_PLATFORM = "podsnapshot.gke.io/runsc-platform";
  public static final String ARCHITECTURE = "podsnapshot.gke.io/architecture";

  /** Labels on a PodSnapshot of a Pod with GPUs: those of the node that it was taken on. */
  public static final String GPU_MODEL = "podsnapshot.gke.io/gpu-model";

  public static final String GPU_DRIVER = "podsnapshot.gke.io/gpu-driver-version";

  /** Annotation on a PodSnapshot: how many GPUs its Pod has; absent: none. */
  public static final String GPUS = "podsnapshot.dev/gpus";

  /** Label on a PodSnapshot: the trigger object that made it. */
  public static final String TRIGGERED_BY = "gke-pod-snapshot-triggered-by";

  public static final String FINALIZER = "podsnapshot.gke.io/podsnapshot-finalizer";

  /** Reason of every event on a Pod. */
  public static final String EVENT_REASON = "GKEPodSnapshotting";

  /** Condition on a restored Pod. */
  public static final String POD_RESTORED = "PodRestored";

  /** Condition on a Pod whose policy's own trigger (not an object) made a snapshot of it. */
  public static final String POD_SNAPSHOT_TRIGGERED = "PodSnapshotTriggered";

  private PodSnapshotApi() {}
}
