package dev.podsnapshot.restorer;

import dev.podsnapshot.grpc.PodRef;
import jakarta.enterprise.context.ApplicationScoped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/**
 * Notes on the disk, one for each Pod whose sandbox reads pages while they arrive: if this process
 * ends meanwhile, the sandbox does too, and the next process has to know why.
 */
@ApplicationScoped
class LiveRestores {
  private static final Logger LOG = Logger.getLogger(LiveRestores.class);

  private final Path folder;

  LiveRestores(RestorerConfig config) {
    this.folder = config.liveRestores();
  }

  void begin(PodRef pod) throws IOException {
    Files.createDirectories(folder);
    Files.write(folder.resolve(pod.getUid()), pod.toByteArray());
  }

  void end(PodRef pod) {
    try {
      Files.deleteIfExists(folder.resolve(pod.getUid()));
    } catch (IOException e) {
      LOG.warnf("pod=%s/%s phase=restore: %s", pod.getNamespace(), pod.getName(), e.toString());
    }
  }

  /** The Pods that an earlier process left noted; asked once, at the start. */
  List<PodRef> interrupted() {
    var pods = new ArrayList<PodRef>();
    if (!Files.isDirectory(folder)) {
      return pods;
    }
    try (var files = Files.newDirectoryStream(folder)) {
      for (var file : files) {
        pods.add(PodRef.parseFrom(Files.readAllBytes(file)));
        Files.delete(file);
      }
    } catch (IOException e) {
      LOG.warnf("phase=restore notes of interrupted restores: %s", e.toString());
    }
    return pods;
  }
}
