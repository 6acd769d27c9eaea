package dev.podsnapshot.snapshotter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.grpc.CheckpointOrder;
import dev.podsnapshot.grpc.CheckpointReport;
import dev.podsnapshot.grpc.PodRef;
import dev.podsnapshot.grpc.PostCheckpoint;
import dev.podsnapshot.grpc.SnapshotRef;
import dev.podsnapshot.grpc.Trigger;
import dev.podsnapshot.runsc.CudaCheckpoint;
import dev.podsnapshot.runsc.Runsc;
import dev.podsnapshot.runsc.RunscConfig;
import dev.podsnapshot.runsc.Sandbox;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many at once; a program in runsc's place notes how many of it run beside each other. */
@Timeout(60)
class CheckpointTurnsTest {
  private static final int AT_ONCE = 2;
  private static final int ORDERS = 7;

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
      case $image in *hangs) exec sleep 600 ;; esac
      touch "NOTES/$$"
      ls NOTES | wc -l >>COUNTS
      sleep 0.3
      rm "NOTES/$$"
      for file in checkpoint.img pages_meta.img pages.img; do echo x >"$image/$file"; done
      """;

  @TempDir Path folder;

  private Path directory(String name) throws IOException {
    return Files.createDirectories(folder.resolve(name));
  }

  private RunscConfig runsc() throws IOException {
    var program = folder.resolve("runsc");
    Files.writeString(
        program,
        RUNSC
            .replace("NOTES", directory("notes").toString())
            .replace("COUNTS", folder.resolve("counts").toString()));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    var root = directory("root");
    for (var i = 0; i < ORDERS; i++) {
      Files.writeString(
          root.resolve("s%d_sandbox:s%d.state".formatted(i, i)),
          """
          {"id": "s%d", "status": "running", "spec": {"annotations": {"%s": "uid-%d"}}}
          """
              .formatted(i, Sandbox.POD_UID, i));
    }
    return TestConfig.runsc(program, root, folder);
  }

  private SnapshotterConfig config() throws IOException {
    return TestConfig.in(
        directory("spool"),
        Map.of(
            "podsnapshot.checkpoints-at-once",
            String.valueOf(AT_ONCE),
            "podsnapshot.checkpoint-limit",
            "2s"));
  }

  private static CheckpointOrder order(int index) {
    return order(index, "snapshot-" + index);
  }

  private static CheckpointOrder order(int index, String name) {
    return CheckpointOrder.newBuilder()
        .setSnapshot(SnapshotRef.newBuilder().setNamespace("n").setName(name))
        .setPod(PodRef.newBuilder().setNamespace("n").setName("p").setUid("uid-" + index))
        .setTrigger(Trigger.MANUAL)
        .setPostCheckpoint(PostCheckpoint.RESUME)
        .build();
  }

  @Test
  void noMoreThanAllowedAreTakenAtOnceAndEachIsTaken() throws Exception {
    var config = config();
    var metrics = new SimpleMeterRegistry();
    var gvisor = runsc();
    var checkpoints =
        new Checkpoints(
            config,
            new Spool(config, metrics),
            new Runsc(gvisor),
            new CudaCheckpoint(gvisor),
            metrics);
    var most = 0.0;
    try (var threads = Executors.newFixedThreadPool(ORDERS)) {
      var reports = new ArrayList<Future<CheckpointReport>>();
      for (var i = 0; i < ORDERS; i++) {
        var order = order(i);
        reports.add(threads.submit(() -> checkpoints.take(order, () -> true).orElseThrow()));
      }
      while (!reports.stream().allMatch(Future::isDone)) {
        most = Math.max(most, metrics.get("podsnapshot_checkpoints_waiting").gauge().value());
        Thread.sleep(10);
      }
      for (var report : reports) {
        assertEquals("", report.get().getError());
      }
    }
    assertTrue(most >= 1, "none was seen to wait");
    var counts = Files.readAllLines(folder.resolve("counts"));
    assertEquals(ORDERS, counts.size());
    var highest = counts.stream().mapToInt(line -> Integer.parseInt(line.strip())).max();
    assertTrue(highest.getAsInt() <= AT_ONCE, counts.toString());
  }

  private Checkpoints checkpoints() throws IOException {
    var metrics = new SimpleMeterRegistry();
    var config = config();
    var gvisor = runsc();
    return new Checkpoints(
        config, new Spool(config, metrics), new Runsc(gvisor), new CudaCheckpoint(gvisor), metrics);
  }

  @Test
  void whatIsNotWantedWhenItsTurnComesTouchesNoPod() throws Exception {
    assertEquals(Optional.empty(), checkpoints().take(order(0), () -> false));
    assertTrue(Files.notExists(folder.resolve("counts")), "runsc was called");
  }

  @Test
  void oneThatHangsIsEndedAndGivesItsTurnBack() throws Exception {
    var checkpoints = checkpoints();
    for (var i = 0; i < AT_ONCE; i++) {
      var error = checkpoints.take(order(i, i + "-hangs"), () -> true).orElseThrow().getError();
      assertTrue(error.contains("did not end within 2 s"), error);
    }
    assertEquals("", checkpoints.take(order(3), () -> true).orElseThrow().getError());
  }
}
