package dev.podsnapshot.restorer;

/** In whose name a snapshot is read from the bucket. */
@FunctionalInterface
interface Credential {
  /** In the restorer's own. */
  Credential OWN = () -> "";

  /**
   * May ask the controller.
   *
   * @return a token for the bucket; empty: the restorer's own credentials
   * @throws StagingException if there is none: nothing is read then
   */
  String token() throws StagingException;
}
