package dev.podsnapshot.storage;

/** A store refused or failed; the kind says what a caller can do about it. */
public class ObjectStoreException extends Exception {

  public enum Kind {
    /** The bucket or the object does not exist. */
    NOT_FOUND,
    PERMISSION_DENIED,
    /** The object exists already, or is another one than expected. */
    PRECONDITION,
    /** What arrived is not what was sent. */
    CORRUPT,
    /** The store is not to be reached or can't answer now: worth another try. */
    UNAVAILABLE,
    /** The caller's own body could not be read, or broke the transfer off. */
    SOURCE,
    OTHER
  }

  private final Kind kind;

  public ObjectStoreException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
