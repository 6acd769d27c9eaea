package dev.podsnapshot.runsc;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podsnapshot.matching.Gpu;
import dev.podsnapshot.matching.NodeFingerprint;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/** The verbs of runsc that snapshots need. Calls block until runsc ends. */
@ApplicationScoped
public class Runsc {
  private static final Logger LOG = Logger.getLogger(Runsc.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  private final RunscConfig config;
  private volatile NodeFingerprint fingerprint;

  public Runsc(RunscConfig config) {
    this.config = config;
  }

  /**
   * Freezes the sandbox, writes its state and lets it go on or ends it.
   *
   * @param directory an empty folder on the node
   * @param direct write past the page cache, which cuts the freeze three to seven times
   * @param gpus whether the state of GPUs is saved, too
   * @param limit after which runsc is ended: one that hangs must not hold up the node's others
   */
  public void checkpoint(
      String sandbox,
      Path directory,
      boolean leaveRunning,
      boolean direct,
      boolean gpus,
      Duration limit)
      throws RunscException {
    var command = new ArrayList<>(List.of("checkpoint", "--image-path=" + directory));
    command.add("--compression=none");
    command.add("--exclude-committed-zero-pages");
    if (leaveRunning) {
      command.add("--leave-running");
    }
    if (direct) {
      command.add("--direct");
    }
    if (gpus) {
      command.add("--cuda-checkpoint-path=" + CudaCheckpoint.IN_CONTAINER);
      if (config.cudaCheckpointSequential()) {
        command.add("--cuda-checkpoint-sequential");
      }
    }
    command.add(sandbox);
    run(command, limit);
  }

  /**
   * Writes the root file systems of the sandbox's containers; they go on.
   *
   * @param directory an empty folder on the node
   */
  public void checkpointRootfs(String sandbox, Path directory, boolean direct, Duration limit)
      throws RunscException {
    var command = new ArrayList<>(List.of("fscheckpoint", "--image-path=" + directory));
    command.add("--leave-running");
    if (direct) {
      command.add("--direct");
    }
    for (var name : containerNames(sandbox)) {
      command.add("--path=" + name + ":/");
    }
    command.add(sandbox);
    run(command, limit);
  }

  /** Names, as in the Pod's specification, of the live containers of a sandbox. */
  private List<String> containerNames(String sandbox) throws RunscException {
    var names = new ArrayList<String>();
    try (var files = Files.newDirectoryStream(config.root(), "*_sandbox:" + sandbox + ".state")) {
      for (var file : files) {
        var state = JSON.readTree(file.toFile());
        var name = state.path("spec").path("annotations").path(Sandbox.CONTAINER_NAME).asText("");
        if (!name.isEmpty() && !"stopped".equals(state.path("status").asText())) {
          names.add(name);
        }
      }
    } catch (IOException e) {
      throw new RunscException("can't read runsc's state in " + config.root(), e);
    }
    return names;
  }

  /** Waits for the end of the next checkpoint of the file systems, whoever starts it. */
  public void waitForRootfsCheckpoint(String sandbox) throws RunscException {
    run(List.of("wait", "--fscheckpoint", sandbox));
  }

  /** Waits until the root file system of a container was restored. */
  public void waitForRootfsRestore(String container) throws RunscException {
    run(List.of("wait", "--fsrestore", container));
  }

  /** Waits for the end of the next checkpoint of the sandbox, whoever starts it. */
  public void waitForCheckpoint(String sandbox) throws RunscException {
    run(List.of("wait", "--checkpoint", sandbox));
  }

  /** Waits until all memory of a restored sandbox is in place. */
  public void waitForRestore(String sandbox) throws RunscException {
    run(List.of("wait", "--restore", sandbox));
  }

  /**
   * Ends a sandbox that waits for containers to be restored: it hears no signal until they are all
   * there, so its process is ended.
   */
  public void end(String sandbox) throws RunscException {
    var state = config.root().resolve("%s_sandbox:%s.state".formatted(sandbox, sandbox));
    try {
      var pid = JSON.readTree(state.toFile()).path("sandbox").path("pid").asLong();
      if (pid > 1) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
    } catch (IOException e) {
      throw new RunscException("can't read runsc's state of sandbox " + sandbox, e);
    }
  }

  /** The live sandbox of a Pod. */
  public Optional<Sandbox> sandboxOf(String podUid) throws RunscException {
    return sandboxes().stream().filter(s -> podUid.equals(s.podUid())).findFirst();
  }

  /** The sandboxes whose root container has not stopped (state files: runsc/container). */
  public List<Sandbox> sandboxes() throws RunscException {
    var result = new ArrayList<Sandbox>();
    try (var files = Files.newDirectoryStream(config.root(), "*_sandbox:*.state")) {
      for (var file : files) {
        read(file).ifPresent(result::add);
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new RunscException("can't read runsc's state in " + config.root(), e);
    }
    return result;
  }

  private static Optional<Sandbox> read(Path file) throws IOException {
    JsonNode state;
    try {
      state = JSON.readTree(file.toFile());
    } catch (java.io.FileNotFoundException | NoSuchFileException e) {
      return Optional.empty(); // deleted since it was listed
    }
    var id = state.path("id").asText();
    var root = file.getFileName().toString().equals(id + "_sandbox:" + id + ".state");
    // Status: runsc/container/status.go; a stopped container's record stays until it is deleted.
    if (!root || "stopped".equals(state.path("status").asText())) {
      return Optional.empty();
    }
    var annotations = new HashMap<String, String>();
    for (var field : state.path("spec").path("annotations").properties()) {
      annotations.put(field.getKey(), field.getValue().asText());
    }
    return Optional.of(new Sandbox(id, Map.copyOf(annotations)));
  }

  /**
   * Of runsc read once: a new one comes with a new node agent or is seen at its restart. GPUs come
   * and go with their driver, which may be loaded later.
   */
  public NodeFingerprint fingerprint() throws RunscException {
    return gvisor().with(gpus());
  }

  private NodeFingerprint gvisor() throws RunscException {
    if (fingerprint == null) {
      var version = run(List.of("--version")).lines().findFirst().orElse("");
      var features = run(List.of("cpu-features")).strip();
      fingerprint =
          new NodeFingerprint(
              version.replace("runsc version", "").strip(),
              config.platform(),
              System.getProperty("os.arch"),
              Set.of(features.split(",")));
    }
    return fingerprint;
  }

  /** Those whose state can be saved and restored here. */
  private Gpu gpus() {
    try {
      return Files.isExecutable(config.cudaCheckpoint())
          ? NvidiaDriver.read(config.nvidiaDriver())
          : Gpu.NONE;
    } catch (IOException e) {
      LOG.warnf("phase=fingerprint GPUs are left out: %s", e);
      return Gpu.NONE;
    }
  }

  private String run(List<String> arguments) throws RunscException {
    return run(arguments, FOREVER);
  }

  private String run(List<String> arguments, Duration limit) throws RunscException {
    var command = new ArrayList<String>();
    command.add(config.path().toString());
    command.add("--root=" + config.root());
    command.addAll(arguments);
    Process process = null;
    try {
      var errors = Files.createTempFile("runsc", ".err");
      try {
        process =
            new ProcessBuilder(command)
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectError(errors.toFile())
                .start();
        var late = endAfter(process, limit);
        var output = new String(process.getInputStream().readAllBytes());
        var status = process.waitFor();
        if (late.getAsBoolean()) {
          throw new RunscException(
              "runsc %s did not end within %d s"
                  .formatted(arguments.getFirst(), limit.toSeconds()));
        }
        if (status != 0) {
          var text = Files.readString(errors).strip();
          throw new RunscException(
              "runsc error: %s"
                  .formatted(
                      text.isEmpty() ? "exit status " + status : text.lines().toList().getLast()));
        }
        return output;
      } finally {
        Files.deleteIfExists(errors);
      }
    } catch (IOException e) {
      throw new RunscException("can't run " + config.path() + ": " + e.getMessage(), e);
    } catch (InterruptedException e) {
      kill(process);
      Thread.currentThread().interrupt();
      throw new RunscException("interrupted while runsc ran", e);
    }
  }

  /** Ends a process that takes too long; tells whether it was. */
  private static BooleanSupplier endAfter(Process process, Duration limit) {
    var late = new AtomicBoolean();
    if (!limit.equals(FOREVER)) {
      Thread.ofVirtual()
          .name("runsc-limit")
          .start(
              () -> {
                try {
                  if (!process.waitFor(limit)) {
                    late.set(true);
                    process.destroyForcibly();
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
    }
    return late::get;
  }

  private static void kill(Process process) {
    if (process != null) {
      process.destroyForcibly();
      try {
        process.waitFor(1, TimeUnit.SECONDS);
      } catch (InterruptedException ignored) {
        // on the way out already
      }
    }
  }
}
