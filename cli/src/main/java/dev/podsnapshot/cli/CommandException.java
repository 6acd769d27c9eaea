package dev.podsnapshot.cli;

/** Ends a command; the message is all that its user is told. */
final class CommandException extends RuntimeException {
  CommandException(String message) {
    super(message);
  }
}
