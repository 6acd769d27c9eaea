package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Min;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;
import io.fabric8.kubernetes.api.model.LabelSelector;
import java.util.List;

public record PodSnapshotPolicySpec(
    @Required
        @JsonPropertyDescription(
            "The set of Pods managed by this policy. Its checkpoint and restore settings apply to"
                + " all Pods that match.")
        LabelSelector selector,
    @Required
        @JsonPropertyDescription("Name of the PodSnapshotStorageConfig this policy depends on.")
        String storageConfigName,
    @Default("whole-pod")
        @JsonPropertyDescription(
            "\"whole-pod\" (default): memory and file systems; \"rootfs-only\": the containers'"
                + " root file systems.")
        SnapshotScope snapshotScope,
    @Required @JsonPropertyDescription("Configuration for checkpoint triggers.")
        TriggerConfig triggerConfig,
    @JsonPropertyDescription("If not set, a Pod snapshot persists until it is deleted by hand.")
        RetentionConfig retentionConfig,
    @JsonPropertyDescription("Defines the groups of Pod snapshots.")
        SnapshotGroupingRules snapshotGroupingRules) {

  /** The Pod labels that group snapshots; empty: all snapshots of the policy are one group. */
  public List<String> groupingLabels() {
    return snapshotGroupingRules == null || snapshotGroupingRules.groupByLabelValue() == null
        ? List.of()
        : snapshotGroupingRules.groupByLabelValue().labels();
  }

  /** {@code whole-pod} where nothing is said. */
  public SnapshotScope scope() {
    return snapshotScope == null ? SnapshotScope.WHOLE_POD : snapshotScope;
  }

  /** How many snapshots of a group are kept; 0: all. */
  public long maxSnapshotCountPerGroup() {
    if (snapshotGroupingRules == null
        || snapshotGroupingRules.groupByLabelValue() == null
        || snapshotGroupingRules.groupByLabelValue().groupRetentionPolicy() == null
        || snapshotGroupingRules
                .groupByLabelValue()
                .groupRetentionPolicy()
                .maxSnapshotCountPerGroup()
            == null) {
      return 0;
    }
    return snapshotGroupingRules
        .groupByLabelValue()
        .groupRetentionPolicy()
        .maxSnapshotCountPerGroup();
  }

  public record TriggerConfig(
      @Required
          @JsonPropertyDescription(
              "\"manual\": wait for a PodSnapshotManualTrigger. \"workload\": the workload writes"
                  + " to /proc/gvisor/checkpoint. \"readinessProbe\": when the Pod turns ready."
                  + " \"onDelete\": when the Pod is deleted.")
          TriggerType type,
      @Default("resume")
          @JsonPropertyDescription(
              "\"resume\" (default): the workload goes on. \"stop\": the Pod turns to completed.")
          PostCheckpoint postCheckpoint) {}

  public enum TriggerType {
    @JsonProperty("readinessProbe")
    READINESS_PROBE,
    @JsonProperty("workload")
    WORKLOAD,
    @JsonProperty("manual")
    MANUAL,
    @JsonProperty("onDelete")
    ON_DELETE
  }

  public enum PostCheckpoint {
    @JsonProperty("stop")
    STOP,
    @JsonProperty("resume")
    RESUME
  }

  public enum SnapshotScope {
    @JsonProperty("whole-pod")
    WHOLE_POD,
    @JsonProperty("rootfs-only")
    ROOTFS_ONLY
  }

  public record RetentionConfig(
      @Required
          @Pattern("^(\\d+)\\s*(y|mo|d|h|min)$")
          @JsonPropertyDescription(
              "If set, a snapshot is deleted when it was not accessed within this duration."
                  + " Example: \"30d\".")
          String lastAccessTimeout) {}

  public record SnapshotGroupingRules(
      @Required @JsonPropertyDescription("Groups Pod snapshots by values of Pod labels.")
          GroupByLabelValue groupByLabelValue) {}

  public record GroupByLabelValue(
      @Required
          @JsonPropertyDescription(
              "Pod labels used for grouping. Those that the source Pod has are put on the"
                  + " PodSnapshot; a group is the exact set of them.")
          List<String> labels,
      GroupRetentionPolicy groupRetentionPolicy) {}

  public record GroupRetentionPolicy(
      @Min(0)
          @Default("0")
          @JsonPropertyDescription(
              "How many snapshots of a group are kept, the newest first. 0: no restriction.")
          Long maxSnapshotCountPerGroup) {}
}
