package dev.podsnapshot.matching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.ContainerBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class GpuTest {
  private static final Gpu L4 = new Gpu("580.126.20", "NVIDIA L4");

  private static NodeFingerprint node(Gpu gpu) {
    return new NodeFingerprint("r1", "systrap", "amd64", Set.of("sse"), gpu);
  }

  private static String mismatch(Gpu snapshot, Gpu node) {
    return node(snapshot).mismatch(node(node)).orElse("fits");
  }

  /** Each container with one limit. */
  private static Pod pod(String resource, int... counts) {
    return new PodBuilder()
        .withNewMetadata()
        .endMetadata()
        .withNewSpec()
        .addNewContainer()
        .endContainer()
        .addAllToContainers(
            Arrays.stream(counts)
                .mapToObj(
                    n ->
                        new ContainerBuilder()
                            .withNewResources()
                            .withLimits(Map.of(resource, new Quantity(Integer.toString(n))))
                            .endResources()
                            .build())
                .toList())
        .endSpec()
        .build();
  }

  @Test
  void aSnapshotWithGpusNeedsTheSameModelAndDriver() {
    assertEquals("fits", mismatch(L4, L4));
    assertEquals("fits", mismatch(Gpu.NONE, L4), "a Pod without a GPU runs beside one");
    assertEquals("fits", mismatch(Gpu.NONE, Gpu.NONE));
    assertEquals(
        "the snapshot has GPU model NVIDIA-L4, the node none that can be restored",
        mismatch(L4, Gpu.NONE));
    assertEquals(
        "the snapshot has GPU model NVIDIA-L4, the node NVIDIA-H100",
        mismatch(L4, new Gpu("580.126.20", "NVIDIA H100")));
    assertEquals(
        "the snapshot has NVIDIA driver 580.126.20, the node 580.126.21",
        mismatch(L4, new Gpu("580.126.21", "NVIDIA L4")));
  }

  @Test
  void driversBefore570CanNotSave() {
    assertEquals(Optional.empty(), L4.notSupported());
    assertEquals(Optional.empty(), new Gpu("570.0", "L4").notSupported());
    assertEquals(
        Optional.of(
            "NVIDIA driver version 535.183.01 is not supported. Version >= 570 is required."),
        new Gpu("535.183.01", "L4").notSupported());
    assertTrue(new Gpu("", "L4").notSupported().isPresent());
    assertTrue(Gpu.NONE.notSupported().isPresent());
  }

  @Test
  void aModelFitsIntoALabel() {
    assertEquals("NVIDIA-RTX-PRO-6000", new Gpu("1", " NVIDIA RTX (PRO) 6000 ").model());
    assertEquals(63, new Gpu("1", "x".repeat(100)).model().length());
    assertEquals("x", new Gpu("1", "x " + "(".repeat(100)).model());
  }

  @Test
  void theGpusOfAPodAreThoseOfItsContainers() {
    assertEquals(0, PodFacts.gpus(pod("nvidia.com/gpu")));
    assertEquals(3, PodFacts.gpus(pod("nvidia.com/gpu", 1, 2)));
    assertEquals(0, PodFacts.gpus(pod("cpu", 4)));
  }

  @Test
  void partsOfGpusAndOtherAcceleratorsAreNamed() {
    for (var device :
        new String[] {"nvidia.com/mig-1g.10gb", "nvidia.com/gpu.shared", "google.com/tpu"}) {
      assertTrue(PodFacts.unsupported(pod(device, 1)).orElseThrow().contains(device));
    }
    assertEquals(Optional.empty(), PodFacts.unsupported(pod("nvidia.com/gpu", 1)));
    assertEquals(Optional.empty(), PodFacts.unsupported(pod("memory", 1)));
  }
}
