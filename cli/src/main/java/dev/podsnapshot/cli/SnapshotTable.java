package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.SnapshotSize;
import dev.podsnapshot.matching.SnapshotAge;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** PodSnapshots as rows, the newest first, as a restore looks at them. */
record SnapshotTable(boolean namespaces, boolean wide, Instant now) {
  static final Comparator<PodSnapshot> ORDER =
      Comparator.comparing((PodSnapshot s) -> s.getMetadata().getNamespace())
          .thenComparing(SnapshotAge.OLDEST_FIRST.reversed());

  Table of(List<PodSnapshot> snapshots) {
    return new Table(header(), snapshots.stream().sorted(ORDER).map(this::row).toList());
  }

  private List<String> header() {
    var header = new ArrayList<String>();
    if (namespaces) {
      header.add("NAMESPACE");
    }
    header.addAll(List.of("NAME", "POLICY", "POD", "STATUS", "SIZE", "AGE", "LAST-ACCESS"));
    if (wide) {
      header.addAll(List.of("NODE", "SCOPE", "TRIGGER", "SPEC-HASH", "PATH"));
    }
    return header;
  }

  private List<String> row(PodSnapshot snapshot) {
    var row = new ArrayList<String>();
    if (namespaces) {
      row.add(snapshot.getMetadata().getNamespace());
    }
    var used = snapshot.getStatus() == null ? null : snapshot.getStatus().lastAccessTime();
    row.addAll(
        List.of(
            snapshot.getMetadata().getName(),
            snapshot.getSpec().policyName(),
            annotation(snapshot, PodSnapshotApi.ORIGIN_POD),
            SnapshotState.text(snapshot),
            Sizes.text(SnapshotSize.of(SnapshotState.conditions(snapshot))),
            Ages.since(SnapshotAge.created(snapshot), now),
            used == null ? "<never>" : Ages.since(used.toInstant(), now)));
    if (wide) {
      var path = snapshot.getStatus() == null ? null : snapshot.getStatus().observedGcsPath();
      row.addAll(
          List.of(
              annotation(snapshot, PodSnapshotApi.ORIGIN_NODE),
              annotation(snapshot, PodSnapshotApi.SCOPE),
              annotation(snapshot, PodSnapshotApi.TRIGGER),
              snapshot.getMetadata().getLabels() == null
                  ? Table.NONE
                  : snapshot
                      .getMetadata()
                      .getLabels()
                      .getOrDefault(PodSnapshotApi.TEMPLATE_HASH, Table.NONE),
              path == null ? Table.NONE : path));
    }
    return row;
  }

  static String annotation(PodSnapshot snapshot, String key) {
    var annotations = snapshot.getMetadata().getAnnotations();
    return annotations == null ? Table.NONE : annotations.getOrDefault(key, Table.NONE);
  }
}
