package dev.podsnapshot.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podsnapshot.api.PodSnapshotPolicySpec.PostCheckpoint;
import dev.podsnapshot.api.PodSnapshotPolicySpec.TriggerType;
import io.fabric8.kubernetes.api.model.Pod;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * A snapshot that is not what it was: the new Pod starts cold and serves, and its user reads why.
 */
class DamagedSnapshotTest {
  private static final Path CACHE = Path.of("/var/lib/podsnapshots/cache");
  private static final ObjectMapper JSON = new ObjectMapper();

  private Node node;
  private String oldId;
  private String snapshot;

  @BeforeEach
  void aReadySnapshot() throws IOException {
    node = new Node();
    node.policy("app", TriggerType.MANUAL, PostCheckpoint.RESUME);
    node.run(node.pod("first", "app"));
    oldId = node.state("first").path("id").asText();
    snapshot = node.snapshot("first");
    node.delete("first");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Leftovers.expectNoSandboxes(node);
    assertTrue(Files.notExists(CACHE.resolve(snapshot + ".partial")));
    node.close();
  }

  private Pod expectCold(String why) {
    return node.runCold(node.pod("second", "app"), oldId, why);
  }

  @Test
  void aDamagedObjectInTheBucket() throws IOException {
    damage(node.objects(snapshot).resolve("pages.img"));
    var pod = expectCold("wrong checksum");
    assertEquals(0, pod.getStatus().getContainerStatuses().getFirst().getRestartCount());
  }

  @Test
  void aTruncatedObjectInTheBucket() throws IOException {
    try (var file =
        new RandomAccessFile(node.objects(snapshot).resolve("pages.img").toFile(), "rw")) {
      file.setLength(file.length() - 100_000);
    }
    expectCold("pages.img");
  }

  @Test
  void aMissingManifest() throws IOException {
    Files.delete(node.objects(snapshot).resolve("manifest.json"));
    expectCold("manifest.json does not exist");
  }

  @Test
  void aDamagedFileInTheNodesCache() throws IOException {
    node.run(node.pod("fills-the-cache", "app"));
    assertEquals(oldId, node.state("fills-the-cache").path("id").asText());
    node.podRestored("fills-the-cache");
    node.delete("fills-the-cache");
    try (var file =
        new RandomAccessFile(CACHE.resolve(snapshot).resolve("checkpoint.img").toFile(), "rw")) {
      file.write(new byte[4096]);
    }
    // It is seen before the sandbox is committed to it, and fetched again.
    node.run(node.pod("second", "app"));
    assertEquals(oldId, node.state("second").path("id").asText());
    assertEquals("True", node.podRestored("second").getStatus());
  }

  @Test
  void aVerifiedSnapshotThatGvisorRefuses() throws Exception {
    // Every checksum holds, but what they hold for is no checkpoint.
    var checkpoint = node.objects(snapshot).resolve("checkpoint.img");
    Files.write(checkpoint, new byte[(int) Files.size(checkpoint)]);
    var manifest = node.objects(snapshot).resolve("manifest.json");
    var json = (ObjectNode) JSON.readTree(manifest.toFile());
    for (var file : json.path("files")) {
      if (file.path("name").asText().equals("checkpoint.img")) {
        var crc = new CRC32C();
        crc.update(Files.readAllBytes(checkpoint));
        ((ObjectNode) file).putArray("chunkCrc32c").add((int) crc.getValue());
      }
    }
    Files.write(manifest, JSON.writeValueAsBytes(json));
    expectCold("falling back to a cold start of pod: ");
    assertEquals("RestoreFailed", node.podRestored("second").getReason());
  }

  private static void damage(Path object) throws IOException {
    try (var file = new RandomAccessFile(object.toFile(), "rw")) {
      var middle = file.length() / 2;
      file.seek(middle);
      var old = file.read();
      file.seek(middle);
      file.write(old ^ 0xff);
    }
  }
}
