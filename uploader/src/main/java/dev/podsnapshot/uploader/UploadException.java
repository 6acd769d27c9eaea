package dev.podsnapshot.uploader;

/** An upload that can't go on for a reason of its own; trying again does not help. */
class UploadException extends Exception {
  UploadException(String message) {
    super(message);
  }
}
