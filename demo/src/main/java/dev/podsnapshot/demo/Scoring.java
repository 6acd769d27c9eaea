package dev.podsnapshot.demo;

import io.quarkus.runtime.Startup;
import jakarta.annotation.PostConstruct;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Nearest neighbours over an inverted-file index, as vector search services build one when they
 * start: the vectors are clustered by k-means, and a query looks into the clusters next to it.
 * Hundreds of megabytes of heap and hot loops that the compiler has optimised are what a cold start
 * pays for.
 */
@Startup
@Singleton
public class Scoring {
  private static final int POINTS = 400_000;
  private static final int DIMENSIONS = 128;
  private static final int LISTS = 256;

  /** What k-means is trained with: 256 points for each cluster, as is usual. */
  private static final int SAMPLE = 256 * LISTS;

  private static final int ROUNDS = 10;
  private static final int PROBES = 8;
  private static final int NEIGHBOURS = 8;

  private float[][] centres;
  private List<List<float[]>> lists;
  private double warmUpSeconds;

  @PostConstruct
  void warmUp() {
    var begin = System.nanoTime();
    var random = new SplittableRandom(42);
    var points = new float[POINTS][DIMENSIONS];
    for (var point : points) {
      for (var i = 0; i < DIMENSIONS; i++) {
        point[i] = (float) random.nextDouble();
      }
    }
    centres = new float[LISTS][];
    Arrays.setAll(centres, i -> points[i].clone());
    for (var round = 0; round < ROUNDS; round++) {
      centres = means(assign(Arrays.asList(points).subList(0, SAMPLE)));
    }
    lists = assign(Arrays.asList(points));
    warmUpSeconds = (System.nanoTime() - begin) / 1e9;
  }

  double warmUpSeconds() {
    return warmUpSeconds;
  }

  /** The mean distance to the nearest points of the index. */
  double score(float[] query) {
    return IntStream.range(0, LISTS)
        .boxed()
        .sorted(Comparator.comparingDouble(list -> distance(query, centres[list])))
        .limit(PROBES)
        .flatMap(list -> lists.get(list).stream())
        .mapToDouble(point -> distance(query, point))
        .sorted()
        .limit(NEIGHBOURS)
        .average()
        .orElse(0);
  }

  private List<List<float[]>> assign(List<float[]> points) {
    var clusters = new ArrayList<List<float[]>>();
    for (var i = 0; i < LISTS; i++) {
      clusters.add(new ArrayList<>());
    }
    for (var point : points) {
      clusters.get(nearest(point)).add(point);
    }
    return clusters;
  }

  private int nearest(float[] point) {
    var best = 0;
    var least = Float.MAX_VALUE;
    for (var i = 0; i < LISTS; i++) {
      var distance = distance(point, centres[i]);
      if (distance < least) {
        least = distance;
        best = i;
      }
    }
    return best;
  }

  private float[][] means(List<List<float[]>> clusters) {
    var result = new float[LISTS][DIMENSIONS];
    for (var cluster = 0; cluster < LISTS; cluster++) {
      var members = clusters.get(cluster);
      if (members.isEmpty()) {
        result[cluster] = centres[cluster];
        continue;
      }
      for (var point : members) {
        for (var i = 0; i < DIMENSIONS; i++) {
          result[cluster][i] += point[i] / members.size();
        }
      }
    }
    return result;
  }

  /** Squared, Euclidean. */
  private static float distance(float[] a, float[] b) {
    var sum = 0.0f;
    for (var i = 0; i < DIMENSIONS; i++) {
      var d = a[i] - b[i];
      sum += d * d;
    }
    return sum;
  }
}
