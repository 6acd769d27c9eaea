package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

public record PodSnapshotManualTriggerStatus(
    List<Condition> conditions,
    @JsonPropertyDescription("The PodSnapshot that this trigger made.")
        SnapshotCreated snapshotCreated,
    Long observedGeneration) {

  public record SnapshotCreated(@Default("") String name) {}
}
