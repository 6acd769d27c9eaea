package dev.podsnapshot.demo;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Tells which process answers: its id is made at start, its counter goes on in a restored copy. */
@Path("/")
@Produces(MediaType.APPLICATION_JSON)
public class DemoResource {
  private static final String ID = UUID.randomUUID().toString();
  private static final Instant STARTED = Instant.now();
  private static final AtomicLong REQUESTS = new AtomicLong();

  private static final float[] QUERY = new float[128];

  private final Scoring scoring;

  DemoResource(Scoring scoring) {
    this.scoring = scoring;
  }

  public record Answer(
      String id, long requests, Instant startedAt, double warmUpSeconds, double score) {}

  @GET
  public Answer answer() {
    return new Answer(
        ID, REQUESTS.incrementAndGet(), STARTED, scoring.warmUpSeconds(), scoring.score(QUERY));
  }
}
