package dev.podsnapshot.runsc;

import java.util.Map;

/**
 * A sandbox that runsc keeps state of.
 *
 * @param id of the sandbox, equal to that of its root container
 * @param annotations of the root container's OCI spec
 */
public record Sandbox(String id, Map<String, String> annotations) {
  /** Set by containerd: the UID of the Pod. */
  public static final String POD_UID = "io.kubernetes.cri.sandbox-uid";

  public static final String POD_NAME = "io.kubernetes.cri.sandbox-name";
  public static final String POD_NAMESPACE = "io.kubernetes.cri.sandbox-namespace";
  public static final String SANDBOX_ID = "io.kubernetes.cri.sandbox-id";
  public static final String CONTAINER_NAME = "io.kubernetes.cri.container-name";
  public static final String CONTAINER_TYPE = "io.kubernetes.cri.container-type";

  /**
   * Set by the gVisor shim: holds the Pod's UID, so a restore into another Pod would fail gVisor's
   * comparison of the specs (runsc/specutils/restore.go). Dropped before the container is created.
   */
  public static final String CGROUP_PARENT = "dev.gvisor.spec.cgroup-parent";

  public String podUid() {
    return annotations.get(POD_UID);
  }
}
