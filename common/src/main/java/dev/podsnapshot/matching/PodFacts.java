package dev.podsnapshot.matching;

import java.util.Map;
import java.util.Optional;

/**
 * A Pod as matching sees it.
 *
 * @param requested the value of {@code podsnapshot.gke.io/ps-name}; empty if it has none
 * @param unsupported why a Pod of this shape can't be restored; empty if it can
 */
public record PodFacts(
    String namespace,
    String specHash,
    Map<String, String> labels,
    Optional<String> requested,
    Optional<String> unsupported) {}
