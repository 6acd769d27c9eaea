package dev.podsnapshot.controller;

import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The snapshots that were handed to a node and may be read there now: retention waits for them. */
@ApplicationScoped
class RestoresUnderWay {
  /** After this long a restore whose end was never told counts as ended. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Pod UID to snapshot and the time it was handed out. */
  private final Map<String, Restore> byPod = new ConcurrentHashMap<>();

  private record Restore(String snapshot, long begunNanos) {
    boolean lost() {
      return System.nanoTime() - begunNanos > PATIENCE.toNanos();
    }
  }

  void begin(String podUid, String namespace, String snapshot) {
    byPod.values().removeIf(Restore::lost);
    byPod.put(podUid, new Restore(namespace + "/" + snapshot, System.nanoTime()));
  }

  void end(String podUid) {
    byPod.remove(podUid);
  }

  boolean ofPod(String podUid) {
    return byPod.containsKey(podUid);
  }

  boolean of(String namespace, String snapshot) {
    var key = namespace + "/" + snapshot;
    return byPod.values().stream().anyMatch(r -> !r.lost() && r.snapshot().equals(key));
  }
}
