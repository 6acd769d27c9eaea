package dev.podsnapshot.snapshotter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.PostCheckpoint;
import dev.podsnapshot.grpc.Scope;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.grpc.Trigger;
import dev.podsnapshot.runsc.CudaCheckpoint;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.Sandbox;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a checkpoint of a Pod with GPUs needs, and asks of runsc; a program notes what that is. */
class GpuCheckpointTest {
  private static final String RUNSC =
      """
      #!/bin/sh
      for word; do
        case $word in
          --image-path=*) image=${word#--image-path=} ;;
          --version) echo runsc version test && exit 0 ;;
          cpu-features) echo fpu && exit 0 ;;
        esac
      done
      echo "$@" >CALLED
      for file in checkpoint.img pages_meta.img pages.img; do echo x >"$image/$file"; done
      """;

  @TempDir Path folder;

  @BeforeEach
  void aPod() throws IOException {
    program("runsc", RUNSC.replace("CALLED", folder.resolve("called").toString()));
    Files.createDirectories(folder.resolve("root"));
    Files.writeString(
        folder.resolve("root/s_sandbox:s.state"),
        """
        {"id": "s", "status": "running", "spec": {"annotations": {"%s": "uid"}}}
        """
            .formatted(Sandbox.POD_UID));
  }

  private void program(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
    Files.setPosixFilePermissions(
        folder.resolve(name), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void driver(String version) throws IOException {
    var gpu = Files.createDirectories(folder.resolve("nvidia/gpus/0000:0a:00.0"));
    Files.writeString(gpu.resolve("information"), "Model: \t\t NVIDIA L4\nIRQ:   \t\t 24\n");
    Files.writeString(
        folder.resolve("nvidia/version"),
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  %s  Mon Jan  5 2026\n".formatted(version));
  }

  private CheckpointReport take(int gpus, Scope scope) throws IOException {
    return take(gpus, scope, Trigger.MANUAL);
  }

  private CheckpointReport take(int gpus, Scope scope, Trigger trigger) throws IOException {
    var metrics = new SimpleMeterRegistry();
    var config = TestConfig.in(Files.createDirectories(folder.resolve("spool")), Map.of());
    var gvisor = TestConfig.runsc(folder.resolve("runsc"), folder.resolve("root"), folder);
    return new Checkpoints(
            config,
            new Spool(config, metrics),
            new Runsc(gvisor),
            new CudaCheckpoint(gvisor),
            metrics)
        .take(
            CheckpointOrder.newBuilder()
                .setSnapshot(SnapshotRef.newBuilder().setNamespace("n").setName("snapshot"))
                .setPod(PodRef.newBuilder().setNamespace("n").setName("p").setUid("uid"))
                .setTrigger(trigger)
                .setPostCheckpoint(PostCheckpoint.RESUME)
                .setScope(scope)
                .setGpus(gpus)
                .build(),
            () -> true)
        .orElseThrow();
  }

  private void expectRefused(String why) throws IOException {
    for (var trigger : new Trigger[] {Trigger.MANUAL, Trigger.WORKLOAD}) {
      var report = take(1, Scope.WHOLE_POD, trigger);
      assertTrue(report.getError().contains(why), report.getError());
      assertFalse(report.getRetryable(), "it would fail again");
      assertFalse(Files.exists(folder.resolve("called")), "the Pod was touched");
    }
  }

  @Test
  void theStateOfGpusIsSavedByTheProgramInTheContainer() throws IOException {
    driver("580.126.20");
    program("cuda-checkpoint", "");
    var report = take(1, Scope.WHOLE_POD);
    assertEquals("", report.getError());
    assertEquals("NVIDIA-L4", report.getFingerprint().getGpuModel());
    assertEquals("580.126.20", report.getFingerprint().getGpuDriver());
    assertTrue(
        Files.readString(folder.resolve("called"))
            .contains("--cuda-checkpoint-path=/run/podsnapshots/cuda-checkpoint"));
  }

  @Test
  void aPodWithoutGpusNeedsNoneOfIt() throws IOException {
    assertEquals("", take(0, Scope.WHOLE_POD).getError());
    assertFalse(Files.readString(folder.resolve("called")).contains("cuda"));
  }

  @Test
  void whatIsMissingIsNamedBeforeThePodIsTouched() throws IOException {
    expectRefused("the node has no NVIDIA driver");
    driver("535.183.01");
    expectRefused("NVIDIA driver version 535.183.01 is not supported. Version >= 570 is required.");
    driver("570.0.1");
    expectRefused("put NVIDIA's cuda-checkpoint there");
  }
}
