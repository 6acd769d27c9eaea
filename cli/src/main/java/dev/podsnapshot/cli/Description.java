package dev.podsnapshot.cli;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import dev.podsnapshot.api.PodSnapshotPolicy;
import dev.podsnapshot.api.SnapshotSize;
import dev.podsnapshot.matching.Candidate;
import dev.podsnapshot.matching.Gpu;
import dev.podsnapshot.matching.Matching;
import dev.podsnapshot.matching.NodeFingerprint;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Node;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * All about one PodSnapshot, for people.
 *
 * @param policy the one that it names; empty if it is gone
 * @param nodes those of the cluster; refused if this user may not see them
 * @param events about the snapshot itself, and those about its origin Pod that name it
 */
record Description(
    PodSnapshot snapshot,
    Optional<PodSnapshotPolicy> policy,
    Lookup<List<Node>> nodes,
    List<Event> events,
    Instant now) {
  private static final int WIDTH = 100;
  private static final String FIELD = "%-19s%s";

  String text() {
    var lines = new ArrayList<String>();
    var meta = snapshot.getMetadata();
    field(lines, "Name", meta.getName());
    field(lines, "Namespace", meta.getNamespace());
    field(lines, "Status", status());
    field(
        lines,
        "Policy",
        snapshot.getSpec().policyName()
            + (policy.isPresent() ? "" : " (is gone: no Pod is restored from this)"));
    policy.ifPresent(p -> field(lines, "Group", group(p)));
    field(lines, "Size", size());
    field(lines, "Created", time(meta.getCreationTimestamp()));
    var used = snapshot.getStatus() == null ? null : snapshot.getStatus().lastAccessTime();
    field(lines, "Last access", used == null ? "<never>" : time(used.toInstant().toString()));
    field(lines, "Origin Pod", annotation(PodSnapshotApi.ORIGIN_POD));
    field(lines, "Origin Pod UID", annotation(PodSnapshotApi.ORIGIN_POD_UID));
    field(lines, "Origin node", annotation(PodSnapshotApi.ORIGIN_NODE));
    field(lines, "Trigger", trigger());
    field(lines, "After checkpoint", annotation(PodSnapshotApi.POST_CHECKPOINT));
    field(lines, "Scope", annotation(PodSnapshotApi.SCOPE));
    field(lines, "Containers", annotation(PodSnapshotApi.CONTAINER_COUNT));
    field(lines, "Spec hash", labels().getOrDefault(PodSnapshotApi.TEMPLATE_HASH, Table.NONE));
    field(lines, "Path", path());
    field(
        lines,
        "Retries",
        Long.toString(
            snapshot.getStatus() == null ? 0 : snapshot.getStatus().checkpointRetryCount()));
    fingerprint(lines);
    conditions(lines);
    events(lines);
    return String.join("\n", lines);
  }

  private String status() {
    return switch (SnapshotState.of(snapshot)) {
      case SnapshotState.Failed failed -> SnapshotState.text(snapshot) + ": " + failed.why();
      case SnapshotState.Deleting deleting ->
          "Deleting" + (deleting.why().isEmpty() ? "" : ": " + deleting.why());
      case SnapshotState.Awaiting awaiting -> SnapshotState.text(snapshot);
      case SnapshotState.Checkpointing checkpointing -> SnapshotState.text(snapshot);
      case SnapshotState.Uploading uploading -> SnapshotState.text(snapshot);
      case SnapshotState.Ready ready -> SnapshotState.text(snapshot);
    };
  }

  private String group(PodSnapshotPolicy policy) {
    var keys = policy.getSpec().groupingLabels();
    return keys.isEmpty()
        ? "all of the policy"
        : "{%s} of %s".formatted(PrunePlan.text(Matching.group(keys, labels())), keys);
  }

  private String size() {
    var bytes = SnapshotSize.of(SnapshotState.conditions(snapshot));
    return bytes.isPresent()
        ? "%s (%d bytes)".formatted(Sizes.text(bytes), bytes.getAsLong())
        : Table.UNKNOWN;
  }

  private String trigger() {
    var by = labels().get(PodSnapshotApi.TRIGGERED_BY);
    return annotation(PodSnapshotApi.TRIGGER)
        + (by == null ? "" : " (PodSnapshotManualTrigger %s)".formatted(by));
  }

  private String path() {
    var path = snapshot.getStatus() == null ? null : snapshot.getStatus().observedGcsPath();
    return path == null ? Table.NONE : path;
  }

  private void fingerprint(List<String> lines) {
    var fingerprint = Candidate.of(snapshot).fingerprint();
    if (fingerprint == null) {
      field(lines, "Fingerprint", "<none> (written when the checkpoint ends)");
      return;
    }
    lines.add("Fingerprint:");
    field(lines, "  gVisor", fingerprint.runscVersion());
    field(lines, "  Platform", fingerprint.platform());
    field(lines, "  Architecture", fingerprint.architecture());
    if (!fingerprint.gpu().equals(Gpu.NONE)) {
      field(lines, "  GPU", fingerprint.gpu().model());
      field(lines, "  NVIDIA driver", fingerprint.gpu().driver());
    }
    field(lines, "  Fits nodes", fits(fingerprint));
    field(lines, "  CPU features", Integer.toString(fingerprint.cpuFeatures().size()));
    lines.addAll(wrapped(new TreeSet<>(fingerprint.cpuFeatures())));
  }

  private String fits(NodeFingerprint fingerprint) {
    return nodes.fold(
        found -> {
          var fitting =
              found.stream()
                  .filter(
                      n ->
                          Fingerprints.of(n)
                              .filter(f -> fingerprint.mismatch(f).isEmpty())
                              .isPresent())
                  .map(n -> n.getMetadata().getName())
                  .sorted()
                  .toList();
          return fitting.isEmpty()
              ? "none of %d".formatted(found.size())
              : "%s (%d of %d)".formatted(String.join(", ", fitting), fitting.size(), found.size());
        },
        () -> Table.UNKNOWN,
        why -> "%s (%s)".formatted(Table.UNKNOWN, why));
  }

  private static List<String> wrapped(Iterable<String> words) {
    var lines = new ArrayList<String>();
    var line = new StringBuilder("   ");
    for (var word : words) {
      if (line.length() + 1 + word.length() > WIDTH) {
        lines.add(line.toString());
        line = new StringBuilder("   ");
      }
      line.append(' ').append(word);
    }
    lines.add(line.toString());
    return lines;
  }

  private void conditions(List<String> lines) {
    var conditions = SnapshotState.conditions(snapshot);
    if (conditions.isEmpty()) {
      field(lines, "Conditions", Table.NONE);
      return;
    }
    lines.add("Conditions:");
    lines.add(
        indented(
            new Table(
                List.of("TYPE", "STATUS", "REASON", "AGE", "MESSAGE"),
                conditions.stream()
                    .map(
                        c ->
                            List.of(
                                c.getType(),
                                c.getStatus(),
                                c.getReason(),
                                Ages.since(instant(c.getLastTransitionTime()), now),
                                c.getMessage()))
                    .toList())));
  }

  private void events(List<String> lines) {
    if (events.isEmpty()) {
      field(lines, "Events", Table.NONE);
      return;
    }
    lines.add("Events:");
    lines.add(
        indented(
            new Table(
                List.of("AGE", "TYPE", "REASON", "OBJECT", "MESSAGE"),
                events.stream()
                    .sorted(Comparator.comparing(Description::time))
                    .map(
                        e ->
                            List.of(
                                Ages.since(time(e), now),
                                e.getType(),
                                e.getReason(),
                                "%s/%s"
                                    .formatted(
                                        e.getInvolvedObject().getKind(),
                                        e.getInvolvedObject().getName()),
                                e.getMessage()))
                    .toList())));
  }

  private static Instant time(Event event) {
    var text =
        event.getLastTimestamp() != null
            ? event.getLastTimestamp()
            : event.getEventTime() != null
                ? event.getEventTime().getTime()
                : event.getMetadata().getCreationTimestamp();
    return Optional.ofNullable(instant(text)).orElse(Instant.EPOCH);
  }

  private String time(String timestamp) {
    return "%s (%s ago)".formatted(timestamp, Ages.since(instant(timestamp), now));
  }

  private static Instant instant(String text) {
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeParseException e) {
      return null;
    }
  }

  private String annotation(String key) {
    return SnapshotTable.annotation(snapshot, key);
  }

  private Map<String, String> labels() {
    return Optional.ofNullable(snapshot.getMetadata().getLabels()).orElse(Map.of());
  }

  private static void field(List<String> lines, String name, String value) {
    lines.add(FIELD.formatted(name + ":", value));
  }

  private static String indented(Table table) {
    return table.text().indent(2).stripTrailing();
  }
}
