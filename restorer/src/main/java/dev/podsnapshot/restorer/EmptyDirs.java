package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.EmptyDir;
import java.nio.file.Path;
import java.util.List;

/**
 * Moves a Pod's emptyDir volumes into the sandbox, where a checkpoint holds them: plainly they are
 * folders of the node, which no checkpoint sees. Done as GKE's admission and the gVisor shim do it
 * (pkg/shim/v1/utils/volumes.go, runsc/boot/mount_hints.go): a hint in the sandbox's own spec, and
 * tmpfs for bind in the containers' mounts where the medium is memory; one on disk is kept in a
 * file in its folder.
 */
final class EmptyDirs {
  /** Where the sandbox's own container has them; nobody looks there. */
  private static final String HELD_AT = "/.podsnapshot/volumes/";

  private final Path pods;
  private final String podUid;
  private final List<EmptyDir> volumes;

  EmptyDirs(Path kubeletRoot, String podUid, List<EmptyDir> volumes) {
    this.pods = kubeletRoot.resolve("pods");
    this.podUid = podUid;
    this.volumes = volumes;
  }

  /**
   * For the sandbox's bundle. Its own container mounts them first: gVisor saves a shared volume
   * under the name of the container that did (runsc/boot/vfs.go, {@code configureRestore}), and an
   * init container, which is gone when the Pod is saved, does not come back at restore.
   */
  void describeTo(Bundle sandbox) {
    for (var volume : volumes) {
      sandbox.mountHint(volume.getName(), source(volume), options(volume));
      sandbox.bindMount(HELD_AT + volume.getName(), source(volume));
    }
    mountIn(sandbox);
  }

  /** For a container's bundle. */
  void mountIn(Bundle container) {
    for (var volume : volumes) {
      if (volume.getMemory()) {
        container.bindToTmpfs(source(volume));
      }
    }
  }

  private String source(EmptyDir volume) {
    return pods.resolve(podUid)
        .resolve("volumes/kubernetes.io~empty-dir")
        .resolve(volume.getName())
        .toString();
  }

  private static String options(EmptyDir volume) {
    return volume.getMemory() && volume.getSizeLimitBytes() > 0
        ? "rw,size=" + volume.getSizeLimitBytes()
        : "rw";
  }
}
