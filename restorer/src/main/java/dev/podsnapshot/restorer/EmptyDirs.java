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
  private final Path pods;
  private final String podUid;
  private final List<EmptyDir> volumes;

  EmptyDirs(Path kubeletRoot, String podUid, List<EmptyDir> volumes) {
    this.pods = kubeletRoot.resolve("pods");
    this.podUid = podUid;
    this.volumes = volumes;
  }

  /** For the sandbox's bundle. */
  void describeTo(Bundle sandbox) {
    for (var volume : volumes) {
      sandbox.mountHint(volume.getName(), source(volume), options(volume));
    }
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
