package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.kubernetes.api.model.Condition;
import java.util.List;

/** Status of a resource that has nothing to tell but conditions. */
public record ConditionedStatus(
    List<Condition> conditions,
    @JsonPropertyDescription("The most recent generation observed by the controller.")
        Long observedGeneration) {}
