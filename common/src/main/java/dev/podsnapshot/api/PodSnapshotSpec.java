package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

public record PodSnapshotSpec(
    @Required
        @JsonPropertyDescription(
            "Name of the PodSnapshotPolicy in the same namespace that governs this snapshot."
                + " Immutable.")
        String policyName) {}
