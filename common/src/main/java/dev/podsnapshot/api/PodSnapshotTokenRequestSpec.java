package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Required;

public record PodSnapshotTokenRequestSpec(
    @Required @JsonPropertyDescription("The node that asks.") String nodeName,
    @Required
        @JsonPropertyDescription(
            "What the token is for: \"checkpoint\" writes the snapshot, \"restore\" reads it.")
        Role role,
    @Required @JsonPropertyDescription("The PodSnapshot, in the namespace of this object.")
        Snapshot snapshot) {

  public enum Role {
    @JsonProperty("checkpoint")
    CHECKPOINT,
    @JsonProperty("restore")
    RESTORE
  }

  public record Snapshot(String name) {}
}
