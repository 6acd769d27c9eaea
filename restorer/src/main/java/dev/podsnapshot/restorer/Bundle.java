package dev.podsnapshot.restorer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podsnapshot.runsc.CudaCheckpoint;
import dev.podsnapshot.runsc.Sandbox;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The OCI bundle of a container about to be created: its config.json. */
final class Bundle {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHECKPOINT = "dev.gvisor.internal.checkpoint.";
  private static final String FS_CHECKPOINT = "dev.gvisor.internal.fscheckpoint.";

  private final Path file;
  private final ObjectNode spec;

  private Bundle(Path file, ObjectNode spec) {
    this.file = file;
    this.spec = spec;
  }

  static Bundle read(Path directory) throws IOException {
    var file = directory.resolve("config.json");
    if (JSON.readTree(file.toFile()) instanceof ObjectNode spec) {
      return new Bundle(file, spec);
    }
    throw new IOException(file + " is no JSON object");
  }

  String annotation(String key) {
    return spec.path("annotations").path(key).asText("");
  }

  boolean isSandbox() {
    return annotation(Sandbox.CONTAINER_TYPE).equals("sandbox");
  }

  /** Makes the spec comparable with that of another Pod's container. */
  Bundle portable() {
    annotations().remove(Sandbox.CGROUP_PARENT);
    return this;
  }

  /**
   * The sandbox's workload may checkpoint itself into {@code directory} (runsc/boot/restore.go).
   */
  Bundle checkpointInto(Path directory, boolean resume, boolean direct) {
    annotations()
        .put(CHECKPOINT + "path", directory.toString())
        .put(CHECKPOINT + "resume", Boolean.toString(resume))
        .put(CHECKPOINT + "compression", "none")
        .put(CHECKPOINT + "direct", Boolean.toString(direct))
        .put(CHECKPOINT + "exclude-committed-zero-pages", "true");
    return this;
  }

  /** The workload's own checkpoint saves the state of GPUs, too. */
  Bundle checkpointGpus(boolean sequential) {
    annotations()
        .put(CHECKPOINT + "cuda-checkpoint-path", CudaCheckpoint.IN_CONTAINER)
        .put(CHECKPOINT + "cuda-checkpoint-sequential", Boolean.toString(sequential));
    return this;
  }

  /** Makes {@code /proc/gvisor/checkpoint} writable in the container. */
  Bundle enableCheckpoint() {
    annotations().put(CHECKPOINT + "enable", "true");
    return this;
  }

  /** The same for the containers' root file systems alone (runsc/boot/fscheckpoint.go). */
  Bundle checkpointRootfsInto(Path directory, List<String> containers, boolean resume) {
    annotations()
        .put(FS_CHECKPOINT + "path", directory.toString())
        .put(FS_CHECKPOINT + "resume", Boolean.toString(resume))
        .put(
            FS_CHECKPOINT + "paths",
            String.join(",", containers.stream().map(c -> c + ":/").toList()));
    return this;
  }

  /** Makes {@code /proc/gvisor/fscheckpoint} writable in the container. */
  Bundle enableRootfsCheckpoint() {
    annotations().put(FS_CHECKPOINT + "enable", "true");
    return this;
  }

  /** The volume lives in the sandbox, shared by its containers. */
  Bundle mountHint(String volume, String source, String options) {
    var key = "dev.gvisor.spec.mount." + volume + ".";
    annotations()
        .put(key + "source", source)
        .put(key + "type", "tmpfs")
        .put(key + "share", "pod")
        .put(key + "options", options);
    return this;
  }

  /** As containerd writes the mount of a volume. */
  Bundle bindMount(String destination, String source) {
    var mount = spec.withArray("/mounts").addObject();
    mount.put("destination", destination).put("type", "bind").put("source", source);
    mount.putArray("options").add("rbind").add("rprivate").add("rw");
    return this;
  }

  /** A program of the node's, to be run in the container. */
  Bundle bindProgram(String destination, Path source) {
    var mount = spec.withArray("/mounts").addObject();
    mount.put("destination", destination).put("type", "bind").put("source", source.toString());
    mount.putArray("options").add("bind").add("rprivate").add("ro");
    return this;
  }

  Bundle bindToTmpfs(String source) {
    for (var mount : spec.path("mounts")) {
      if (mount instanceof ObjectNode object
          && mount.path("source").asText().equals(source)
          && mount.path("options") instanceof ArrayNode options) {
        object.put("type", "tmpfs");
        for (var i = options.size() - 1; i >= 0; i--) {
          if (options.get(i).asText().equals("bind") || options.get(i).asText().equals("rbind")) {
            options.remove(i);
          }
        }
      }
    }
    return this;
  }

  void write() throws IOException {
    var next = file.resolveSibling("config.json.podsnapshot");
    JSON.writeValue(next.toFile(), spec);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private ObjectNode annotations() {
    return spec.withObject("/annotations");
  }
}
