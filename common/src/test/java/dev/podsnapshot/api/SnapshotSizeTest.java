package dev.podsnapshot.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SnapshotSizeTest {
  @Test
  void readsWhatItWrites() {
    var checkpointed =
        Conditions.with(
            null,
            Conditions.CHECKPOINT,
            true,
            "Succeeded",
            SnapshotSize.checkpointed(41_943_040, 312));
    assertEquals(OptionalLong.of(41_943_040), SnapshotSize.of(checkpointed));
    var stored =
        Conditions.with(
            checkpointed,
            Conditions.STORAGE_REPLICATED,
            true,
            "Succeeded",
            SnapshotSize.uploaded(41_943_041, 90, "in parallel parts"));
    assertEquals(OptionalLong.of(41_943_041), SnapshotSize.of(stored), "what is stored counts");
  }

  @Test
  void aFailureHasNoSize() {
    var failed =
        Conditions.with(null, Conditions.CHECKPOINT, false, "Failed", "12 bytesized things");
    assertEquals(OptionalLong.empty(), SnapshotSize.of(failed));
    assertEquals(OptionalLong.empty(), SnapshotSize.of(null));
    assertEquals(OptionalLong.empty(), SnapshotSize.of(List.of()));
  }
}
