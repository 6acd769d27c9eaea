package dev.podsnapshot.runsc;

import dev.podsnapshot.matching.Gpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** What NVIDIA's driver says of itself and of its GPUs below {@code /proc/driver/nvidia}. */
final class NvidiaDriver {
  /** {@code NVRM version: NVIDIA UNIX x86_64 Kernel Module 580.126.20 Mon Jan ...}. */
  private static final Pattern VERSION =
      Pattern.compile("NVRM version:.*?\\s(\\d+(?:\\.\\d+)+)\\s");

  /** {@code Model: \t\t NVIDIA H100 80GB HBM3}. */
  private static final Pattern MODEL = Pattern.compile("(?m)^Model:\\s*(.+?)\\s*$");

  private NvidiaDriver() {}

  /** A node with several models has a name for the mixture, so that it fits itself alone. */
  static Gpu read(Path folder) throws IOException {
    if (!Files.exists(folder.resolve("version"))) {
      return Gpu.NONE;
    }
    var version = VERSION.matcher(Files.readString(folder.resolve("version")));
    var models = new TreeSet<String>();
    try (var gpus = Files.newDirectoryStream(folder.resolve("gpus"))) {
      for (var gpu : gpus) {
        var model = MODEL.matcher(Files.readString(gpu.resolve("information")));
        if (model.find()) {
          models.add(model.group(1));
        }
      }
    }
    return version.find() && !models.isEmpty()
        ? new Gpu(version.group(1), String.join(" and ", models))
        : Gpu.NONE;
  }
}
