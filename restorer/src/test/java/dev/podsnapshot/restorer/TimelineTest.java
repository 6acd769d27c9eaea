package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.podsnapshot.restorer.Timeline.Phase;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TimelineTest {
  private static final long MS = 1_000_000;

  @Test
  void phasesAddUpToTheWhole() {
    var timeline = new Timeline(5 * MS);
    timeline.end(Phase.MATCH, 8 * MS);
    timeline.end(Phase.BUNDLE, 9 * MS);
    timeline.end(Phase.SANDBOX, 200 * MS);
    timeline.end(Phase.STAGE, 200 * MS);
    timeline.end(Phase.CONTAINERS, 450 * MS);
    timeline.end(Phase.PAGES, 1000 * MS);
    assertEquals(
        Map.of(
            Phase.MATCH, Duration.ofMillis(3),
            Phase.BUNDLE, Duration.ofMillis(1),
            Phase.SANDBOX, Duration.ofMillis(191),
            Phase.STAGE, Duration.ZERO,
            Phase.CONTAINERS, Duration.ofMillis(250),
            Phase.PAGES, Duration.ofMillis(550)),
        timeline.phases());
    assertEquals(Duration.ofMillis(995), timeline.whole());
    assertEquals(
        timeline.whole(),
        timeline.phases().values().stream().reduce(Duration.ZERO, Duration::plus));
    assertEquals(
        "match_millis=3 bundle_millis=1 sandbox_millis=191 stage_millis=0 containers_millis=250"
            + " pages_millis=550",
        timeline.toString());
  }

  @Test
  void aPhaseThatComesAgainCountsTwice() {
    var timeline = new Timeline(0);
    timeline.end(Phase.STAGE, 2 * MS);
    timeline.end(Phase.CONTAINERS, 3 * MS);
    timeline.end(Phase.STAGE, 7 * MS);
    assertEquals(Duration.ofMillis(6), timeline.phases().get(Phase.STAGE));
    assertEquals(Duration.ofMillis(7), timeline.whole());
  }
}
