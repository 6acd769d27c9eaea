package dev.podsnapshot.cli;

import java.util.concurrent.ThreadLocalRandom;

/** Names for new Pods. */
final class PodNames {
  /** Kubernetes' own choice: no vowels, so that no words come out, and no digits but these. */
  private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

  private static final int LIMIT = 63;
  private static final int SUFFIX = 5;

  private PodNames() {}

  /** The name with a random end, which begins with a letter: a StatefulSet's Pods end in digits. */
  static String like(String name) {
    var suffix = new StringBuilder("r");
    while (suffix.length() < SUFFIX) {
      suffix.append(ALPHABET.charAt(ThreadLocalRandom.current().nextInt(ALPHABET.length())));
    }
    var prefix =
        name.substring(0, Math.min(name.length(), LIMIT - SUFFIX - 1))
            .replaceAll("[^a-z0-9]+$", "");
    return prefix + "-" + suffix;
  }
}
