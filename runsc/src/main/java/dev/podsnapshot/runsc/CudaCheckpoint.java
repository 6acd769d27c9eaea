package dev.podsnapshot.runsc;

/**
 * NVIDIA's program that moves the state of a GPU into the memory of its process, and back. gVisor
 * runs it in the container (pkg/sentry/control/state_cuda.go), so it is mounted there.
 */
public final class CudaCheckpoint {
  /** Where a container of a Pod with GPUs finds it. */
  public static final String IN_CONTAINER = "/run/podsnapshots/cuda-checkpoint";

  private CudaCheckpoint() {}
}
