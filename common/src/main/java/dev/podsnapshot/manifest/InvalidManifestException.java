package dev.podsnapshot.manifest;

/** A manifest that must not be restored from. */
public class InvalidManifestException extends Exception {
  public InvalidManifestException(String message) {
    super(message);
  }
}
