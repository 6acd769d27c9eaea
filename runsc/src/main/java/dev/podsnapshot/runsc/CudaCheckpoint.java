package dev.podsnapshot.runsc;

import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * NVIDIA's program that moves the state of a GPU into the memory of its process, and back. gVisor
 * runs it in the container (pkg/sentry/control/state_cuda.go), so it is mounted there. A checkpoint
 * of a Pod with GPUs that is begun without it fails, and the Pod may end with it.
 */
@ApplicationScoped
public class CudaCheckpoint {
  /** Where a container of a Pod with GPUs finds it. */
  public static final String IN_CONTAINER = "/run/podsnapshots/cuda-checkpoint";

  private final RunscConfig config;

  public CudaCheckpoint(RunscConfig config) {
    this.config = config;
  }

  /** Where the node has it. */
  public Path program() {
    return config.cudaCheckpoint();
  }

  /** Whether it is run for one process of a Pod after the other. */
  public boolean sequential() {
    return config.cudaCheckpointSequential();
  }

  public boolean isThere() {
    return Files.isExecutable(config.cudaCheckpoint());
  }

  /** Why the state of GPUs can't be saved on this node now; empty if it can. */
  public Optional<String> impossible() {
    try {
      var why = NvidiaDriver.read(config.nvidiaDriver()).notSupported();
      return why.isPresent() || isThere()
          ? why
          : Optional.of(
              "the Pod has GPUs, and there is no program %s: put NVIDIA's cuda-checkpoint there and recreate the Pod"
                  .formatted(config.cudaCheckpoint()));
    } catch (IOException e) {
      return Optional.of("what the NVIDIA driver says can't be read: " + e);
    }
  }
}
