package dev.podsnapshot.matching;

/** What a Pod shall do. */
public sealed interface Decision {

  /** Restore from this snapshot. */
  record Restore(Candidate snapshot) implements Decision {}

  /** Start cold; the user is told why. */
  record Cold(Reason reason, String message) implements Decision {}

  /** Reasons of a cold start, as they stand in conditions and metric labels. */
  enum Reason {
    /** {@code ps-name: ""}. */
    RESTORE_DISABLED("RestoreDisabled"),
    SNAPSHOT_NOT_FOUND("SnapshotNotFound"),
    SNAPSHOT_NOT_READY("SnapshotNotReady"),
    POLICY_MISMATCH("PolicyMismatch"),
    GROUP_MISMATCH("GroupMismatch"),
    SCOPE_MISMATCH("ScopeMismatch"),
    SPEC_MISMATCH("SpecMismatch"),
    NODE_MISMATCH("NodeMismatch"),
    UNSUPPORTED_POD("UnsupportedPod"),
    /** Nothing to restore from, and nothing asked for: not a fault. */
    NO_SNAPSHOT_YET("NoSnapshotYet");

    private final String text;

    Reason(String text) {
      this.text = text;
    }

    public String text() {
      return text;
    }
  }
}
