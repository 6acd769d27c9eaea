package dev.podsnapshot.storage.http;

import java.io.IOException;

/** The request's own body failed, not the connection. */
public final class BodyException extends IOException {
  BodyException(IOException cause) {
    super(cause.getMessage(), cause);
  }
}
