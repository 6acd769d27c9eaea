package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.api.PodSnapshotStatus;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotTableTest {
  private static final SnapshotTable PLAIN = new SnapshotTable(false, false, SnapshotFixture.NOW);

  @Test
  void theNewestComesFirst() {
    var used = SnapshotFixture.ready("old", "app", Duration.ofHours(30));
    used.setStatus(
        used.getStatus()
            .withLastAccessTime(SnapshotFixture.NOW.minusSeconds(60).atZone(ZoneOffset.UTC)));
    var table =
        PLAIN.of(
            List.of(
                used,
                SnapshotFixture.awaiting("new", "app", Duration.ofSeconds(5)),
                SnapshotFixture.stuck("mid", "app", Duration.ofHours(3), "403 Forbidden")));
    assertEquals(
        """
        NAME   POLICY   POD   STATUS                  SIZE        AGE   LAST-ACCESS
        new    app      web   AwaitingCheckpoint      <unknown>   5s    <never>
        mid    app      web   Deleting                40.0MiB     3h    <never>
        old    app      web   AllSnapshotsAvailable   40.0MiB     30h   60s""",
        table.text());
  }

  @Test
  void wideTellsWhereItIs() {
    var text =
        new SnapshotTable(true, true, SnapshotFixture.NOW)
            .of(List.of(SnapshotFixture.ready("s", "app", Duration.ofHours(1))))
            .text();
    assertTrue(text.startsWith("NAMESPACE   NAME"), text);
    assertTrue(text.contains("demo        s"), text);
    assertTrue(text.endsWith("n1     whole-pod   manual    v1-abc      gs://bucket/s/"), text);
  }

  @Test
  void oneThatTheControllerHasNotSeenIsPending() {
    var fresh = SnapshotFixture.awaiting("s", "app", Duration.ofSeconds(1));
    fresh.setStatus(null);
    fresh.getMetadata().setLabels(null);
    fresh.getMetadata().setAnnotations(null);
    var row = new SnapshotTable(false, true, SnapshotFixture.NOW).of(List.of(fresh)).text();
    assertTrue(row.contains("Pending"), row);
    fresh.setStatus(PodSnapshotStatus.EMPTY);
    assertTrue(PLAIN.of(List.of(fresh)).text().contains("Pending"));
  }
}
