package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Deletes snapshots and waits until they, and so their files, are gone. */
record Deletion(Cluster cluster, Console console, Duration timeout) {

  /** A snapshot, by its UID: another one of its name is not it. */
  private record Key(String namespace, String name, String uid) {
    static Key of(ObjectMeta meta) {
      return new Key(meta.getNamespace(), meta.getName(), meta.getUid());
    }
  }

  /** Tells of each that goes, and returns whether all did. */
  boolean all(List<PodSnapshot> snapshots, boolean wait) throws InterruptedException {
    var left = new LinkedHashMap<Key, String>();
    for (var snapshot : snapshots) {
      cluster.client().resource(snapshot).delete();
      left.put(Key.of(snapshot.getMetadata()), "");
    }
    if (!wait) {
      left.keySet()
          .forEach(key -> console.result("podsnapshot/%s is deleted".formatted(key.name())));
      return true;
    }
    var told = new LinkedHashSet<String>();
    Polling.until(
        timeout,
        elapsed -> {
          look(left, told);
          console.progress(
              new ProgressLine(
                  snapshots.size() - left.size(), snapshots.size(), "Deleting", "", elapsed));
          return left.isEmpty() ? Optional.of(true) : Optional.empty();
        });
    console.endProgress();
    left.forEach(
        (key, why) ->
            console.note(
                "error: PodSnapshot %s is not gone after --timeout %s%s"
                    .formatted(
                        key.name(),
                        Ages.text(timeout),
                        why.isEmpty()
                            ? ": the controller has not said why; run kubectl podsnapshot check"
                            : ": " + why)));
    return left.isEmpty();
  }

  private void look(Map<Key, String> left, LinkedHashSet<String> told) {
    for (var key : new ArrayList<>(left.keySet())) {
      var found =
          Optional.ofNullable(
                  cluster
                      .client()
                      .resources(PodSnapshot.class)
                      .inNamespace(key.namespace())
                      .withName(key.name())
                      .get())
              .filter(s -> s.getMetadata().getUid().equals(key.uid()));
      if (found.isEmpty()) {
        left.remove(key);
        console.endProgress();
        console.result("podsnapshot/%s deleted".formatted(key.name()));
        continue;
      }
      if (SnapshotState.of(found.get()) instanceof SnapshotState.Deleting deleting
          && !deleting.why().isEmpty()) {
        left.put(key, deleting.why());
        if (told.add(key.name())) {
          console.note("PodSnapshot %s is not gone yet: %s".formatted(key.name(), deleting.why()));
        }
      }
    }
  }
}
