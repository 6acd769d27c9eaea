package dev.podsnapshot.matching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.fabric8.kubernetes.api.model.PodSpecBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SpecHashTest {
  private static PodSpecBuilder spec() {
    return new PodSpecBuilder()
        .withRuntimeClassName("gvisor")
        .addToVolumes(
            new VolumeBuilder()
                .withName("kube-api-access-abcde")
                .withNewProjected()
                .endProjected()
                .build())
        .addNewContainer()
        .withName("main")
        .withImage("image:1")
        .withCommand("run")
        .withVolumeMounts(
            new VolumeMountBuilder().withName("kube-api-access-abcde").withMountPath("/t").build())
        .endContainer();
  }

  private static String hash(Consumer<PodSpecBuilder> change) {
    var spec = spec();
    change.accept(spec);
    return SpecHash.of(spec.build());
  }

  @Test
  void fitsALabelAndNamesItsVersion() {
    assertTrue(hash(s -> {}).matches("v1-[0-9a-f]{40}"));
  }

  @Test
  void whatReachesTheSandboxChangesIt() {
    var plain = hash(s -> {});
    assertNotEquals(plain, hash(s -> s.editFirstContainer().withImage("image:2").endContainer()));
    assertNotEquals(plain, hash(s -> s.editFirstContainer().withCommand("go").endContainer()));
    assertNotEquals(plain, hash(s -> s.editFirstContainer().withArgs("-v").endContainer()));
    assertNotEquals(plain, hash(s -> s.editFirstContainer().withWorkingDir("/w").endContainer()));
    assertNotEquals(plain, hash(s -> s.editFirstContainer().withTty(true).endContainer()));
    assertNotEquals(
        plain,
        hash(
            s ->
                s.editFirstContainer()
                    .withNewSecurityContext()
                    .withRunAsUser(1L)
                    .endSecurityContext()
                    .endContainer()));
    assertNotEquals(
        plain, hash(s -> s.addNewContainer().withName("side").withImage("i").endContainer()));
    assertNotEquals(
        plain,
        hash(s -> s.addNewVolume().withName("v").withNewEmptyDir().endEmptyDir().endVolume()));
  }

  @Test
  void whatDoesNotReachTheSandboxLeavesIt() {
    var plain = hash(s -> {});
    assertEquals(plain, hash(s -> s.withNodeName("n")));
    assertEquals(plain, hash(s -> s.withNodeSelector(Map.of("a", "b"))));
    assertEquals(plain, hash(s -> s.withServiceAccountName("other")));
    assertEquals(
        plain,
        hash(
            s ->
                s.editFirstContainer()
                    .addNewEnv()
                    .withName("A")
                    .withValue("b")
                    .endEnv()
                    .endContainer()));
    assertEquals(
        plain,
        hash(
            s ->
                s.editFirstContainer()
                    .withNewResources()
                    .addToLimits("memory", new Quantity("1Gi"))
                    .endResources()
                    .endContainer()));
  }

  @Test
  void theRandomNameOfTheTokenVolumeDoesNotCount() {
    assertEquals(
        hash(s -> {}),
        hash(
            s ->
                s.editFirstVolume()
                    .withName("kube-api-access-zzzzz")
                    .endVolume()
                    .editFirstContainer()
                    .editFirstVolumeMount()
                    .withName("kube-api-access-zzzzz")
                    .endVolumeMount()
                    .endContainer()));
  }
}
