package dev.podsnapshot.storage.http;

import java.util.Map;
import java.util.Optional;

/**
 * @param headers names in lower case; of a repeated one the last
 * @param body empty if the bytes went into the request's buffer
 */
public record HttpAnswer(int status, Map<String, String> headers, byte[] body) {
  public Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  public boolean ok() {
    return status >= 200 && status < 300;
  }
}
