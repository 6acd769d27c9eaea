package dev.podsnapshot.controller;

import dev.podsnapshot.grpc.Location;

/** Reads {@code gs://bucket/prefix/}. */
final class GcsPath {
  private static final String SCHEME = "gs://";

  private GcsPath() {}

  static Location parse(String path) {
    var slash = path.indexOf('/', SCHEME.length());
    if (!path.startsWith(SCHEME) || slash < 0 || slash == path.length() - 1) {
      throw new IllegalArgumentException("not a path of a snapshot in a bucket: " + path);
    }
    return Location.newBuilder()
        .setBucket(path.substring(SCHEME.length(), slash))
        .setPrefix(path.substring(slash + 1))
        .build();
  }
}
