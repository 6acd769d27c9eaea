package dev.podsnapshot.storage.http;

import dev.podsnapshot.storage.Body;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * @param target path and query, escaped
 * @param body null: none
 * @param from the body's bytes from here on are sent
 * @param into where the body of a successful answer goes; null: into {@link HttpAnswer#body()}
 */
public record HttpRequest(
    String method, String target, List<String> headers, Body body, long from, ByteBuffer into) {

  public static HttpRequest of(String method, String target) {
    return new HttpRequest(method, target, List.of(), null, 0, null);
  }

  public HttpRequest header(String name, String value) {
    var more = new ArrayList<>(headers);
    more.add(name + ": " + value);
    return new HttpRequest(method, target, more, body, from, into);
  }

  public HttpRequest body(Body body, long from) {
    return new HttpRequest(method, target, headers, body, from, into);
  }

  public HttpRequest into(ByteBuffer into) {
    return new HttpRequest(method, target, headers, body, from, into);
  }

  long length() {
    return body == null ? 0 : body.bytes() - from;
  }
}
