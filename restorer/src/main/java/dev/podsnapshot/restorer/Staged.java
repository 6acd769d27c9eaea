package dev.podsnapshot.restorer;

import java.nio.file.Path;

/**
 * A whole, verified snapshot in the cache.
 *
 * @param millis how long this caller's wait for it was at most: the time of the transfer
 */
record Staged(Path directory, long bytes, long millis, boolean cacheHit) {}
