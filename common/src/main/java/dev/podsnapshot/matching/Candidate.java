package dev.podsnapshot.matching;

import java.time.Instant;
import java.util.Map;

/**
 * A PodSnapshot as matching sees it.
 *
 * @param deleting whether its deletion was asked for
 * @param group the grouping labels that it carries
 * @param fingerprint null if its checkpoint has not ended
 */
public record Candidate(
    String name,
    String policy,
    Instant created,
    boolean ready,
    boolean deleting,
    String specHash,
    Map<String, String> group,
    NodeFingerprint fingerprint) {}
