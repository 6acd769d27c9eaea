package dev.podsnapshot.restorer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podsnapshot.manifest.SnapshotManifest;
import dev.podsnapshot.manifest.SnapshotManifest.StoredFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32C;

/** Sandboxes of the real runsc that hold memory; all in one folder. */
final class TestSandbox implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path RUNSC =
      Path.of(
          System.getenv()
              .getOrDefault(
                  "RUNSC", System.getProperty("user.home") + "/.cache/podsnapshot/bin/runsc"));

  private final Path folder;
  private final List<String> ids = new ArrayList<>();

  private TestSandbox(Path folder) {
    this.folder = folder;
  }

  /**
   * @param mib how much memory the process holds
   */
  static TestSandbox in(Path folder, int mib) throws Exception {
    assumeTrue(Files.isExecutable(RUNSC), "runsc at " + RUNSC);
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "a C compiler");
    var sandbox = new TestSandbox(folder);
    var rootfs = Files.createDirectories(folder.resolve("bundle/rootfs"));
    var source = folder.resolve("memory.c");
    try (var in = TestSandbox.class.getResourceAsStream("/memory.c")) {
      Files.write(source, in.readAllBytes());
    }
    run(new ProcessBuilder("gcc", "-O2", "-static", "-o", rootfs + "/memory", source.toString()));
    run(
        new ProcessBuilder(RUNSC.toString(), "spec", "--", "/memory", Integer.toString(mib))
            .directory(folder.resolve("bundle").toFile()));
    var file = folder.resolve("bundle/config.json").toFile();
    var spec = (ObjectNode) JSON.readTree(file);
    ((ObjectNode) spec.path("process")).put("terminal", false);
    JSON.writeValue(file, spec);
    return sandbox;
  }

  /** Starts one and checkpoints it into a new folder, which ends it. */
  Path checkpoint() throws Exception {
    runsc("first", "create", "--bundle=" + folder.resolve("bundle"), "first");
    runsc("first", "start", "first");
    ids.add("first");
    while (!output("first").contains("tick 20\n")) {
      Thread.sleep(5);
    }
    var image = folder.resolve("image");
    runsc(
        "checkpoint",
        "checkpoint",
        "--image-path=" + image,
        "--compression=none",
        "--exclude-committed-zero-pages",
        "first");
    return image;
  }

  void create(String id) throws Exception {
    runsc(id, "create", "--bundle=" + folder.resolve("bundle"), id);
    ids.add(id);
  }

  /** As the hook does it. */
  void restore(String id, Path from) throws Exception {
    create(id);
    restoreCreated(id, from);
  }

  void restoreCreated(String id, Path from) throws Exception {
    runsc(id, "restore", "--image-path=" + from, "--detach", "--background", id);
  }

  void end(String id) throws Exception {
    runsc("delete", "delete", "--force", id);
    ids.remove(id);
  }

  /** Waits until all memory is in place. */
  void awaitRestored(String id) throws Exception {
    runsc("wait-" + id, "wait", "--restore", id);
  }

  String status(String id) throws Exception {
    Files.deleteIfExists(folder.resolve("state-" + id + ".out"));
    runsc("state-" + id, "state", id);
    return JSON.readTree(output("state-" + id)).path("status").asText();
  }

  /** What it said so far. */
  String output(String id) throws IOException {
    return Files.readString(folder.resolve(id + ".out"));
  }

  private void runsc(String output, String... words) throws Exception {
    var command = new ArrayList<String>();
    command.addAll(
        List.of(
            RUNSC.toString(),
            "--root=" + folder.resolve("root"),
            "--network=none",
            "--ignore-cgroups",
            "--debug-log=" + folder.resolve("log") + "/",
            "--debug=" + Boolean.getBoolean("runsc.debug")));
    command.addAll(List.of(words));
    run(
        new ProcessBuilder(command)
            .redirectOutput(
                ProcessBuilder.Redirect.appendTo(folder.resolve(output + ".out").toFile())));
  }

  private static void run(ProcessBuilder builder) throws IOException, InterruptedException {
    var errors = Files.createTempFile("test", ".err");
    try {
      var status =
          builder
              .redirectError(errors.toFile())
              .redirectInput(Path.of("/dev/null").toFile())
              .start()
              .waitFor();
      if (status != 0) {
        throw new IOException(builder.command() + ": " + Files.readString(errors));
      }
    } finally {
      Files.deleteIfExists(errors);
    }
  }

  /** What the uploader would write. */
  static SnapshotManifest manifest(Path image, int chunkBytes) throws IOException {
    var files = new ArrayList<StoredFile>();
    for (var name : SnapshotManifest.GVISOR_FILES) {
      var crcs = new ArrayList<Integer>();
      try (var in = Files.newInputStream(image.resolve(name))) {
        for (var bytes = in.readNBytes(chunkBytes);
            bytes.length > 0;
            bytes = in.readNBytes(chunkBytes)) {
          var crc = new CRC32C();
          crc.update(bytes);
          crcs.add((int) crc.getValue());
        }
      }
      files.add(new StoredFile(name, Files.size(image.resolve(name)), chunkBytes, crcs));
    }
    return new SnapshotManifest(
        SnapshotManifest.FORMAT,
        "test",
        "hash",
        new SnapshotManifest.Node("runsc", "systrap", "amd64", Set.of()),
        files);
  }

  @Override
  public void close() throws Exception {
    for (var id : ids) {
      runsc("delete", "delete", "--force", id);
    }
    // runsc keeps an empty network namespace there.
    var namespace = folder.resolve("root/null-netns");
    if (Files.exists(namespace)) {
      run(new ProcessBuilder("umount", namespace.toString()));
    }
  }
}
