package dev.podsnapshot.uploader;

import dev.podsnapshot.manifest.SnapshotManifest;
import java.nio.file.Path;

/**
 * A checkpoint in the spool and where it shall be stored: {@code gs://bucket/prefix<file>}.
 *
 * @param directory holds the files
 * @param node where it was taken
 */
record Spooled(
    String snapshot,
    Path directory,
    String bucket,
    String prefix,
    String specHash,
    SnapshotManifest.Node node) {}
