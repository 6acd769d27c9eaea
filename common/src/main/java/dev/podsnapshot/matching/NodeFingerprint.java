package dev.podsnapshot.matching;

import dev.podsnapshot.grpc.Fingerprint;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What of a node decides whether a snapshot can run there (gVisor: runsc/boot/restore.go and
 * pkg/cpuid).
 */
@RegisterForReflection
public record NodeFingerprint(
    String runscVersion, String platform, String architecture, Set<String> cpuFeatures, Gpu gpu) {

  /** Without a GPU. */
  public NodeFingerprint(
      String runscVersion, String platform, String architecture, Set<String> cpuFeatures) {
    this(runscVersion, platform, architecture, cpuFeatures, Gpu.NONE);
  }

  public static NodeFingerprint of(Fingerprint wire) {
    return new NodeFingerprint(
        wire.getRunscVersion(),
        wire.getPlatform(),
        wire.getArchitecture(),
        Set.copyOf(wire.getCpuFeaturesList()),
        new Gpu(wire.getGpuDriver(), wire.getGpuModel()));
  }

  public NodeFingerprint with(Gpu other) {
    return new NodeFingerprint(runscVersion, platform, architecture, cpuFeatures, other);
  }

  public Fingerprint wire() {
    return Fingerprint.newBuilder()
        .setRunscVersion(runscVersion)
        .setPlatform(platform)
        .setArchitecture(architecture)
        .addAllCpuFeatures(new TreeSet<>(cpuFeatures))
        .setGpuDriver(gpu.driver())
        .setGpuModel(gpu.model())
        .build();
  }

  /** Why a snapshot with this fingerprint can't run on {@code node}; empty if it can. */
  public Optional<String> mismatch(NodeFingerprint node) {
    if (!architecture.equals(node.architecture)) {
      return Optional.of(differ("CPU architecture", architecture, node.architecture));
    }
    if (!runscVersion.equals(node.runscVersion)) {
      return Optional.of(differ("gVisor version", runscVersion, node.runscVersion));
    }
    if (!platform.equals(node.platform)) {
      return Optional.of(differ("gVisor platform", platform, node.platform));
    }
    var missing = new TreeSet<>(cpuFeatures);
    missing.removeAll(node.cpuFeatures);
    return missing.isEmpty()
        ? gpu.mismatch(node.gpu)
        : Optional.of("the node lacks CPU features of the snapshot: " + String.join(" ", missing));
  }

  /**
   * Files alone need no like CPU, but gVisor reads only its own version's (reference, section 3).
   */
  public Optional<String> rootfsMismatch(NodeFingerprint node) {
    return runscVersion.equals(node.runscVersion)
        ? Optional.empty()
        : Optional.of(differ("gVisor version", runscVersion, node.runscVersion));
  }

  static String differ(String what, String snapshot, String node) {
    return "the snapshot has %s %s, the node %s".formatted(what, snapshot, node);
  }
}
