package dev.podsnapshot.controller;

import dev.podsnapshot.grpc.Location;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads {@code gs://bucket/prefix/}. What is no folder of its own is refused: below a prefix that
 * ends within a name lie other snapshots' files too.
 */
public final class GcsPath {
  private static final String SCHEME = "gs://";
  private static final Pattern BUCKET = Pattern.compile("[._-]*[a-z0-9][a-z0-9._-]*");

  private static final Set<String> NO_FOLDERS = Set.of(".", "..");

  private GcsPath() {}

  public static Location parse(String path) {
    var slash = path.indexOf('/', SCHEME.length());
    if (path.startsWith(SCHEME) && slash > 0 && path.endsWith("/")) {
      var bucket = path.substring(SCHEME.length(), slash);
      var prefix = path.substring(slash + 1);
      if (BUCKET.matcher(bucket).matches() && foldersAreNamed(prefix)) {
        return Location.newBuilder().setBucket(bucket).setPrefix(prefix).build();
      }
    }
    throw new IllegalArgumentException("not a path of a snapshot in a bucket: " + path);
  }

  /** An object store takes such names as they are, a file system behind one climbs by them. */
  private static boolean foldersAreNamed(String prefix) {
    return !prefix.isEmpty()
        && Arrays.stream(prefix.substring(0, prefix.length() - 1).split("/", -1))
            .noneMatch(NO_FOLDERS::contains);
  }
}
