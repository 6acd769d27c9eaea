package dev.podsnapshot.storage;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.storage.ObjectStoreException.Kind;
import dev.podsnapshot.storage.http.HttpAnswer;
import dev.podsnapshot.storage.http.HttpRequest;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Cloud Storage by its JSON API. */
@ApplicationScoped
public class GcsObjectStore implements ObjectStore {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FIELDS = "name,size,crc32c,generation";

  private final GcsApi api;

  GcsObjectStore(GcsApi api) {
    this.api = api;
  }

  @Override
  public ObjectStore as(String token) {
    return token.isEmpty() ? this : new GcsObjectStore(api.as(AccessToken.bearer(token)));
  }

  @Override
  public StoredObject put(String bucket, String name, Body body, long ifGeneration)
      throws ObjectStoreException {
    var what = "store gs://%s/%s".formatted(bucket, name);
    var request =
        HttpRequest.of("POST", uploadPath(bucket, "media", name, ifGeneration))
            .header("Content-Type", "application/octet-stream")
            .body(body, 0);
    return verified(bucket, object(what, GcsApi.succeeded(what, api.send(what, request))), body);
  }

  @Override
  public StoredObject putStream(
      String bucket, String name, Body body, long ifGeneration, Pause pause)
      throws ObjectStoreException {
    var what = "store gs://%s/%s".formatted(bucket, name);
    var session = session(what, bucket, name, ifGeneration);
    var end = body.bytes();
    var at = 0L;
    var lost = false; // what arrived is asked before more is sent
    while (true) {
      try {
        var request =
            lost || at == end
                ? HttpRequest.of("PUT", session).header("Content-Range", "bytes */" + end)
                : HttpRequest.of("PUT", session)
                    .header("Content-Range", "bytes %d-%d/%d".formatted(at, end - 1, end))
                    .body(body, at);
        var answer = api.send(what, request);
        if (answer.status() != 308) {
          return verified(bucket, object(what, GcsApi.succeeded(what, answer)), body);
        }
        at = received(answer);
        lost = false;
      } catch (ObjectStoreException e) {
        if (e.kind() != Kind.UNAVAILABLE) {
          throw e;
        }
        pause.after(e);
        lost = true;
      }
    }
  }

  /** How many bytes a resumable upload has received: "bytes=0-41" are 42. */
  private static long received(HttpAnswer answer) {
    return answer
        .header("range")
        .map(r -> Long.parseLong(r.substring(r.lastIndexOf('-') + 1)) + 1)
        .orElse(0L);
  }

  private String session(String what, String bucket, String name, long ifGeneration)
      throws ObjectStoreException {
    var answer =
        GcsApi.succeeded(
            what,
            api.send(
                what,
                HttpRequest.of("POST", uploadPath(bucket, "resumable", name, ifGeneration))
                    .header("Content-Type", "application/json")
                    .body(Body.of("{}".getBytes(StandardCharsets.US_ASCII)), 0)));
    var location =
        answer
            .header("location")
            .orElseThrow(
                () ->
                    new ObjectStoreException(
                        Kind.OTHER, "can't %s: no session was opened".formatted(what), null));
    var uri = URI.create(location);
    return uri.getRawPath() + "?" + uri.getRawQuery();
  }

  /** What is stored is either what was sent, or it is removed. */
  private StoredObject verified(String bucket, StoredObject object, Body body)
      throws ObjectStoreException {
    if (object.bytes() == body.bytes() && object.crc32c() == body.crc32c()) {
      return object;
    }
    delete(bucket, object);
    throw new ObjectStoreException(
        Kind.CORRUPT,
        "gs://%s/%s arrived as %d bytes with checksum %08x, sent were %d with %08x"
            .formatted(
                bucket,
                object.name(),
                object.bytes(),
                object.crc32c(),
                body.bytes(),
                body.crc32c()),
        null);
  }

  @Override
  public StoredObject compose(
      String bucket, List<StoredObject> sources, String target, long ifGeneration)
      throws ObjectStoreException {
    var what = "compose gs://%s/%s".formatted(bucket, target);
    var body = JSON.createObjectNode();
    body.putObject("destination").put("contentType", "application/octet-stream");
    var list = body.putArray("sourceObjects");
    for (var source : sources) {
      list.addObject()
          .put("name", source.name())
          .put("generation", Long.toString(source.generation()))
          .putObject("objectPreconditions")
          .put("ifGenerationMatch", Long.toString(source.generation()));
    }
    var request =
        HttpRequest.of(
                "POST",
                "%s/compose?fields=%s%s"
                    .formatted(path(bucket, target), FIELDS, condition(ifGeneration)))
            .header("Content-Type", "application/json")
            .body(Body.of(body.toString().getBytes(StandardCharsets.UTF_8)), 0);
    return object(what, GcsApi.succeeded(what, api.send(what, request)));
  }

  @Override
  public int read(String bucket, String name, long offset, ByteBuffer into)
      throws ObjectStoreException {
    if (!into.hasRemaining()) {
      return 0;
    }
    var what = "read gs://%s/%s".formatted(bucket, name);
    var begin = into.position();
    var answer =
        api.send(
            what,
            HttpRequest.of("GET", path(bucket, name) + "?alt=media")
                .header("Range", "bytes=%d-%d".formatted(offset, offset + into.remaining() - 1))
                .into(into));
    if (answer.status() == 416) {
      return 0;
    }
    GcsApi.succeeded(what, answer);
    if (answer.status() != 206 && offset != 0) {
      into.position(begin);
      throw new ObjectStoreException(
          Kind.OTHER, "can't %s: the server reads from the beginning only".formatted(what), null);
    }
    return into.position() - begin;
  }

  @Override
  public Optional<StoredObject> stat(String bucket, String name) throws ObjectStoreException {
    var what = "look at gs://%s/%s".formatted(bucket, name);
    var answer = api.send(what, HttpRequest.of("GET", path(bucket, name) + "?fields=" + FIELDS));
    return answer.status() == 404
        ? Optional.empty()
        : Optional.of(object(what, GcsApi.succeeded(what, answer)));
  }

  @Override
  public List<StoredObject> objects(String bucket, String prefix) throws ObjectStoreException {
    var what = "list gs://%s/%s".formatted(bucket, prefix);
    var result = new ArrayList<StoredObject>();
    var page = "";
    do {
      var target =
          "/storage/v1/b/%s/o?prefix=%s&fields=nextPageToken,items(%s)%s"
              .formatted(
                  GcsApi.escape(bucket),
                  GcsApi.escape(prefix),
                  FIELDS,
                  page.isEmpty() ? "" : "&pageToken=" + GcsApi.escape(page));
      var answer =
          GcsApi.json(what, GcsApi.succeeded(what, api.send(what, HttpRequest.of("GET", target))));
      for (var item : answer.path("items")) {
        result.add(object(item));
      }
      page = answer.path("nextPageToken").asText();
    } while (!page.isEmpty());
    return result;
  }

  @Override
  public void delete(String bucket, String name) throws ObjectStoreException {
    remove("delete gs://%s/%s".formatted(bucket, name), path(bucket, name));
  }

  @Override
  public void delete(String bucket, StoredObject object) throws ObjectStoreException {
    remove(
        "delete gs://%s/%s".formatted(bucket, object.name()),
        "%s?generation=%d&ifGenerationMatch=%d"
            .formatted(path(bucket, object.name()), object.generation(), object.generation()));
  }

  private void remove(String what, String target) throws ObjectStoreException {
    var answer = api.send(what, HttpRequest.of("DELETE", target));
    if (answer.status() != 404 && answer.status() != 412) {
      GcsApi.succeeded(what, answer);
    }
  }

  @Override
  public BucketFacts bucketFacts(String bucket) throws ObjectStoreException {
    JsonNode json;
    try {
      json =
          api.control(
              "look at gs://" + bucket,
              "/storage/v1/b/%s?projection=noAcl".formatted(GcsApi.escape(bucket)));
    } catch (ObjectStoreException e) {
      throw e.kind() == Kind.NOT_FOUND
          ? new ObjectStoreException(
              e.kind(), "the bucket gs://%s does not exist".formatted(bucket), e)
          : e;
    }
    return new BucketFacts(
        json.path("hierarchicalNamespace").path("enabled").asBoolean(),
        json.path("iamConfiguration").path("uniformBucketLevelAccess").path("enabled").asBoolean(),
        json.path("softDeletePolicy").path("retentionDurationSeconds").asLong(),
        json.path("retentionPolicy").path("retentionPeriod").asLong() != 0,
        json.path("defaultEventBasedHold").asBoolean(),
        json.path("storageClass").asText(),
        json.path("location").asText());
  }

  private static StoredObject object(String what, HttpAnswer answer) throws ObjectStoreException {
    return object(GcsApi.json(what, answer));
  }

  private static StoredObject object(JsonNode json) {
    var crc = json.path("crc32c").asText();
    return new StoredObject(
        json.path("name").asText(),
        json.path("size").asLong(),
        // The API's form of a CRC32C is big-endian, base64.
        crc.isEmpty() ? 0 : ByteBuffer.wrap(Base64.getDecoder().decode(crc)).getInt(),
        json.path("generation").asLong());
  }

  private static String path(String bucket, String name) {
    return "/storage/v1/b/%s/o/%s".formatted(GcsApi.escape(bucket), GcsApi.escape(name));
  }

  private static String uploadPath(String bucket, String type, String name, long ifGeneration) {
    return "/upload/storage/v1/b/%s/o?uploadType=%s&name=%s&fields=%s%s"
        .formatted(
            GcsApi.escape(bucket), type, GcsApi.escape(name), FIELDS, condition(ifGeneration));
  }

  private static String condition(long ifGeneration) {
    return ifGeneration == ANY ? "" : "&ifGenerationMatch=" + ifGeneration;
  }
}
