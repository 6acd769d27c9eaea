package dev.podsnapshot.restorer;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

@ConfigMapping(prefix = "podsnapshot")
public interface RestorerConfig {
  String node();

  @WithDefault("/run/podsnapshots/hook.sock")
  Path hookSocket();

  /** The folder in which the hook notes sandboxes that wait for their containers. */
  @WithDefault("/run/podsnapshots/restoring")
  Path restoringNotes();

  /** The folder in which the hook finds the containers of Pods that are snapshotted on deletion. */
  @WithDefault("/run/podsnapshots/on-delete")
  Path onDeleteNotes();

  /**
   * How long a container's stop may wait for the snapshot; kubelet's grace period ends it earlier.
   */
  @WithDefault("10m")
  Duration stopDeadline();

  @WithDefault("/var/lib/podsnapshots/cache")
  Path cache();

  @WithDefault("/var/lib/podsnapshots/spool")
  Path spool();

  /** How much of the disk the cache may hold. */
  @WithDefault("21474836480")
  long cacheBytes();

  @WithDefault("8")
  int stageConnections();

  /** How long the controller may take to decide; the hook waits 2 s in all. */
  @WithDefault("1500ms")
  Duration matchDeadline();

  /** How long a Pod waits for its snapshot to arrive before it starts cold. */
  @WithDefault("110s")
  Duration stageDeadline();

  /** How long a restored sandbox waits for the last of its containers before it is given up. */
  @WithDefault("2m")
  Duration containersDeadline();

  /** Kubelet's folder, in which the volumes of Pods are. */
  @WithDefault("/var/lib/kubelet")
  Path kubeletRoot();
}
