package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadPatternTest {
  private static final int MIB = 1 << 20;
  private final ReadPattern pattern = new ReadPattern();
  private final StoredFile file =
      new StoredFile("pages.img", 1L << 30, 8 * MIB, Collections.nCopies(128, 0));

  private boolean fault(long mib) {
    return pattern.fault(new Chunk((int) (mib / 8), file, (int) (mib / 8)), mib * MIB);
  }

  @Test
  void theLoadersReadsAreNoFaultsEvenIfTheyComeOutOfOrder() {
    assertFalse(fault(31));
    assertFalse(fault(0));
    assertFalse(fault(50));
    assertFalse(fault(33));
    assertEquals(List.of(), pattern.faults());
  }

  @Test
  void aReadFarAheadIsOneAndDoesNotMoveTheFront() {
    assertFalse(fault(0));
    assertTrue(fault(800));
    assertTrue(fault(400));
    assertTrue(fault(801));
    assertFalse(fault(16));
    assertEquals(List.of(100, 50), pattern.faults());
  }
}
