package dev.podsnapshot.runsc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.podsnapshot.matching.Gpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NvidiaDriverTest {
  @TempDir Path folder;

  private void version(String text) throws IOException {
    Files.writeString(folder.resolve("version"), text);
  }

  private void gpu(String address, String model) throws IOException {
    var gpu = Files.createDirectories(folder.resolve("gpus").resolve(address));
    Files.writeString(
        gpu.resolve("information"),
        "Model: \t\t %s\nIRQ:   \t\t 24\nGPU UUID: \t GPU-1\nVideo BIOS: \t 96.00\n"
            .formatted(model));
  }

  @Test
  void aNodeWithoutADriverHasNoGpus() throws IOException {
    assertEquals(Gpu.NONE, NvidiaDriver.read(folder.resolve("none")));
    assertEquals(Gpu.NONE, NvidiaDriver.read(folder));
  }

  @Test
  void bothKindsOfKernelModulesAreRead() throws IOException {
    gpu("0000:0a:00.0", "NVIDIA H100 80GB HBM3");
    version(
        """
        NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024
        GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)
        """);
    assertEquals(new Gpu("535.183.01", "NVIDIA-H100-80GB-HBM3"), NvidiaDriver.read(folder));
    version(
        """
        NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.126.20  Release Build  (archlinux-builder@)
        GCC version:  gcc version 14.2.1 20240910 (GCC)
        """);
    assertEquals(new Gpu("580.126.20", "NVIDIA-H100-80GB-HBM3"), NvidiaDriver.read(folder));
  }

  @Test
  void aMixtureFitsItselfAlone() throws IOException {
    version("NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.1  Sun\n");
    gpu("0", "NVIDIA L4");
    gpu("1", "NVIDIA L4");
    assertEquals("NVIDIA-L4", NvidiaDriver.read(folder).model());
    gpu("2", "NVIDIA A100-SXM4-40GB");
    assertEquals("NVIDIA-A100-SXM4-40GB-and-NVIDIA-L4", NvidiaDriver.read(folder).model());
  }

  @Test
  void whatMakesNoSenseCountsAsNothing() throws IOException {
    version("something else\n");
    gpu("0", "NVIDIA L4");
    assertEquals(Gpu.NONE, NvidiaDriver.read(folder));
  }
}
