package dev.podsnapshot.controller.identity;

/** What became of a caller's token. */
sealed interface Review {
  /** It is that of the agent on this node. */
  record Accepted(NodeAuthority node) implements Review {}

  /** It proves no node. */
  record Refused(Refusal refusal) implements Review {}
}
