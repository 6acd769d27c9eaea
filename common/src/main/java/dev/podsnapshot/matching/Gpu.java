package dev.podsnapshot.matching;

import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.Optional;

/**
 * The GPUs of a node whose state can be saved there, or of the node that a snapshot was taken on.
 *
 * @param driver version of NVIDIA's driver, "580.126.20"
 * @param model as it can stand in a label: "NVIDIA-H100-80GB-HBM3"
 */
@RegisterForReflection
public record Gpu(String driver, String model) {
  /** There are none; also for snapshots of Pods without a GPU, which run anywhere. */
  public static final Gpu NONE = new Gpu("", "");

  private static final int OLDEST_DRIVER = 570;
  private static final int LABEL_LENGTH = 63;

  public Gpu {
    var label = model.strip().replaceAll("[^A-Za-z0-9._-]+", "-");
    model = label.substring(0, Math.min(label.length(), LABEL_LENGTH)).replaceAll("[-._]+$", "");
  }

  /**
   * Why the state of these can't be saved; empty if it can. The words are GKE's (reference, section
   * 5).
   */
  public Optional<String> notSupported() {
    if (equals(NONE)) {
      return Optional.of("the node has no NVIDIA driver");
    }
    return major() >= OLDEST_DRIVER
        ? Optional.empty()
        : Optional.of(
            "NVIDIA driver version %s is not supported. Version >= %d is required."
                .formatted(driver, OLDEST_DRIVER));
  }

  private int major() {
    try {
      return Integer.parseInt(driver.split("\\.")[0]);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** Why a snapshot of a Pod with these can't run on a node with {@code others}. */
  Optional<String> mismatch(Gpu others) {
    if (equals(NONE)) {
      return Optional.empty();
    }
    if (!model.equals(others.model)) {
      return Optional.of(differ("GPU model", model, others.model));
    }
    // gVisor compares it too (reference, section 3).
    return driver.equals(others.driver)
        ? Optional.empty()
        : Optional.of(differ("NVIDIA driver", driver, others.driver));
  }

  private static String differ(String what, String snapshot, String node) {
    return NodeFingerprint.differ(
        what, snapshot, node.isEmpty() ? "none that can be restored" : node);
  }
}
