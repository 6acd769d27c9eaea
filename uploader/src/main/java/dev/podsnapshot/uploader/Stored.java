package dev.podsnapshot.uploader;

import java.time.Duration;
import java.util.Optional;

/**
 * A snapshot that can be restored.
 *
 * @param took from the request to the last leftover removed
 * @param singleStream why it was not sent in parallel parts; empty: it was
 */
record Stored(long bytes, Duration took, Optional<String> singleStream) {}
