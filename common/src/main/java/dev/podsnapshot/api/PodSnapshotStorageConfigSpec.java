package dev.podsnapshot.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import io.fabric8.generator.annotation.Default;
import io.fabric8.generator.annotation.Pattern;
import io.fabric8.generator.annotation.Required;

public record PodSnapshotStorageConfigSpec(
    @Required
        @JsonPropertyDescription("Defines the configuration for the snapshot's underlying storage.")
        SnapshotStorageConfig snapshotStorageConfig) {

  public record SnapshotStorageConfig(
      @JsonPropertyDescription("Contains the configuration for Cloud Storage setups.") Gcs gcs) {}

  public record Gcs(
      @Required
          @Pattern("^[a-z0-9._-]+$")
          @JsonPropertyDescription("Name of the bucket that stores the Pod snapshots.")
          String bucket,
      @JsonPropertyDescription(
              "Path inside the bucket. Example: with \"a/b/c\" the snapshots are stored below"
                  + " \"gs://BUCKET/a/b/c\".")
          String path,
      @Default("podKSA")
          @JsonPropertyDescription(
              "\"podKSA\" (default) uses the Pod's own Kubernetes ServiceAccount;"
                  + " \"federatedP4SA\" uses a central identity that mints path-restricted tokens.")
          TokenSource tokenSource) {

    /** As the schema has it, where an object was not read from an API server. */
    public TokenSource source() {
      return tokenSource == null ? TokenSource.POD_KSA : tokenSource;
    }
  }

  public enum TokenSource {
    @JsonProperty("podKSA")
    POD_KSA("podKSA"),
    @JsonProperty("federatedP4SA")
    FEDERATED_P4SA("federatedP4SA");

    private final String text;

    TokenSource(String text) {
      this.text = text;
    }

    /** As in the API. */
    public String text() {
      return text;
    }

    /** The default for anything else, nothing included. */
    public static TokenSource of(String text) {
      return FEDERATED_P4SA.text.equals(text) ? FEDERATED_P4SA : POD_KSA;
    }
  }
}
