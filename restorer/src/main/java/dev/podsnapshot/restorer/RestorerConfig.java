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

  /** What processes wanted out of turn while their snapshots arrived. */
  @WithDefault("/var/lib/podsnapshots/faults")
  Path faultHistory();

  /** Notes of the Pods that were restored from pages that had not arrived yet. */
  @WithDefault("/var/lib/podsnapshots/live-restores")
  Path liveRestores();

  /** Where arriving snapshots are mounted; seen by this process alone. */
  @WithDefault("/tmp/podsnapshots-live")
  Path live();

  /**
   * How many bytes of pages a snapshot must have to be restored from while they arrive. Smaller
   * ones are whole before the sandbox is made, and whole ones can't fail later.
   */
  @WithDefault("67108864")
  long liveFromBytes();

  /**
   * Whether large snapshots are read through the live folder from the cache too. gVisor's loader
   * then has two threads' pace, where plain files let it keep 128 busy beside the sandbox's own
   * start; but the sandbox needs this process until its pages are loaded.
   */
  @WithDefault("false")
  boolean liveFromCache();

  /** Reads that are under way at once for a snapshot. */
  @WithDefault("8")
  int stageConnections();

  /** Further ones, for what a restored process waits for. */
  @WithDefault("2")
  int faultConnections();

  /** Buffers of 8 MiB that all arriving snapshots share. */
  @WithDefault("16")
  int stageBuffers();

  /** Further ones, for what restored processes wait for. */
  @WithDefault("4")
  int faultBuffers();

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
