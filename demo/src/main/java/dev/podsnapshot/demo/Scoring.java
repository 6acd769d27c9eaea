package dev.podsnapshot.demo;

import io.quarkus.runtime.Startup;
import jakarta.annotation.PostConstruct;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Nearest neighbours over an index that is built in memory at start: hundreds of megabytes of heap
 * and a hot loop that the compiler has optimised, which is what a cold start pays for.
 */
@Startup
@Singleton
public class Scoring {
  private static final int POINTS = 400_000;
  private static final int DIMENSIONS = 128;
  private static final int WARM_UP_ROUNDS = 60;
  private static final int NEIGHBOURS = 8;

  private float[][] index;
  private double warmUpSeconds;

  @PostConstruct
  void warmUp() {
    var begin = System.nanoTime();
    var random = new SplittableRandom(42);
    index = new float[POINTS][DIMENSIONS];
    for (var point : index) {
      for (var i = 0; i < DIMENSIONS; i++) {
        point[i] = (float) random.nextDouble();
      }
    }
    for (var round = 0; round < WARM_UP_ROUNDS; round++) {
      score(index[round]);
    }
    warmUpSeconds = (System.nanoTime() - begin) / 1e9;
  }

  double warmUpSeconds() {
    return warmUpSeconds;
  }

  /** The mean distance to the nearest points of the index. */
  double score(float[] query) {
    var nearest = new double[NEIGHBOURS];
    Arrays.fill(nearest, Double.MAX_VALUE);
    for (var point : index) {
      var sum = 0.0f;
      for (var i = 0; i < DIMENSIONS; i++) {
        var d = query[i] - point[i];
        sum += d * d;
      }
      if (sum < nearest[NEIGHBOURS - 1]) {
        nearest[NEIGHBOURS - 1] = sum;
        Arrays.sort(nearest);
      }
    }
    return Arrays.stream(nearest).map(Math::sqrt).average().orElse(0);
  }
}
