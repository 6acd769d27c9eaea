package dev.podsnapshot.manifest;

import java.nio.file.Path;
import java.util.regex.Pattern;

/** The folder that a snapshot has on a node, in the spool or in the cache. */
public final class SnapshotFolder {
  /**
   * As object names are (RFC 1123 subdomain), UUIDs among them: one part of a path, never hidden.
   */
  private static final Pattern NAME = Pattern.compile("[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?");

  private SnapshotFolder() {}

  /**
   * @throws IllegalArgumentException if the name is none: it would lead somewhere else
   */
  public static Path in(Path parent, String snapshot) {
    if (!NAME.matcher(snapshot).matches()) {
      throw new IllegalArgumentException("no name of a snapshot: " + snapshot);
    }
    return parent.resolve(snapshot);
  }
}
