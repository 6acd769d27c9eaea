package dev.podsnapshot.matching;

import java.util.List;

/** The policy that governs a Pod, as matching sees it. */
public record PolicyFacts(String name, List<String> groupingLabels) {}
