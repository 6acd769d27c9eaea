package dev.podsnapshot.cli;

import java.util.concurrent.ThreadLocalRandom;

/** Names for new Pods, and for what is made for one. */
final class PodNames {
  /** Kubernetes' own choice: no vowels, so that no words come out, and no digits but these. */
  private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

  private static final int LIMIT = 63;
  private static final int RANDOM = 5;

  private PodNames() {}

  /** The name with a random end, which begins with a letter: a StatefulSet's Pods end in digits. */
  static String like(String name) {
    return like(name, RANDOM);
  }

  /**
   * @param random how many letters and digits the end has
   */
  static String like(String name, int random) {
    var suffix = new StringBuilder("r");
    while (suffix.length() < random) {
      suffix.append(ALPHABET.charAt(ThreadLocalRandom.current().nextInt(ALPHABET.length())));
    }
    var prefix =
        name.substring(0, Math.min(name.length(), LIMIT - random - 1))
            .replaceAll("[^a-z0-9]+$", "");
    return prefix + "-" + suffix;
  }
}
