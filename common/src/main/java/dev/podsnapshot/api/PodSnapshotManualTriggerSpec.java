package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

public record PodSnapshotManualTriggerSpec(
    @Required @JsonPropertyDescription("Name of the Pod to take a snapshot of.")
        String targetPod) {}
