package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AgesTest {
  /** As k8s.io/apimachinery/pkg/util/duration.HumanDuration. */
  @ParameterizedTest
  @CsvSource({
    "PT0S, 0s",
    "PT-3S, 0s",
    "PT119S, 119s",
    "PT2M, 2m",
    "PT9M59S, 9m59s",
    "PT10M, 10m",
    "PT179M, 179m",
    "PT3H, 3h",
    "PT7H59M, 7h59m",
    "PT8H, 8h",
    "PT47H59M, 47h",
    "PT48H, 2d",
    "PT191H, 7d23h",
    "PT192H, 8d",
    "P729D, 729d",
    "P730D, 2y",
    "P800D, 2y70d",
    "P2920D, 8y"
  })
  void readsLikeKubectl(Duration age, String expected) {
    assertEquals(expected, Ages.text(age));
  }

  @Test
  void nobodyKnows() {
    assertEquals("<unknown>", Ages.since(null, SnapshotFixture.NOW));
    assertEquals("90s", Ages.since(SnapshotFixture.NOW.minusSeconds(90), SnapshotFixture.NOW));
  }
}
