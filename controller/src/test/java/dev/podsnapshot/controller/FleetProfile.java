package dev.podsnapshot.controller;

import io.quarkus.test.junit.QuarkusTestProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;

/** A controller that serves on this machine, and a node's client of it. */
public class FleetProfile implements QuarkusTestProfile {
  @Override
  public Map<String, String> getConfigOverrides() {
    try {
      var directory = Files.createTempDirectory("fleet");
      return Map.of(
          // There is no other replica, and nothing to reconcile.
          "quarkus.arc.exclude-types", "dev.podsnapshot.controller.leader.Leadership",
          "quarkus.http.test-port", "0",
          "quarkus.grpc.server.test-port", "19443",
          "quarkus.grpc.clients.fleet.use-quarkus-grpc-client", "true",
          "quarkus.grpc.clients.fleet.host", "localhost",
          "quarkus.grpc.clients.fleet.test-port", "19443",
          "quarkus.grpc.clients.fleet.plain-text", "false",
          "podsnapshot.identity.server-names", "localhost",
          "podsnapshot.fleet.token", directory.resolve("token").toString(),
          "podsnapshot.fleet.authorities", directory.resolve("ca.crt").toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
