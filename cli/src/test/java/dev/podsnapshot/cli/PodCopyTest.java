package dev.podsnapshot.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.podsnapshot.matching.SpecHash;
import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.VolumeBuilder;
import io.fabric8.kubernetes.api.model.VolumeMountBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PodCopyTest {
  @Test
  void whatNodeAndOwnerPutThereIsGone() {
    var copy = PodCopy.restoring(live(), "copy", "snap");
    var meta = copy.getMetadata();
    assertEquals("copy", meta.getName());
    assertEquals("demo", meta.getNamespace());
    assertEquals(Map.of("app", "web", "user", "x"), meta.getLabels());
    assertEquals(
        Map.of("podsnapshot.gke.io/ps-name", "snap", "note", "mine"), meta.getAnnotations());
    assertTrue(meta.getOwnerReferences().isEmpty());
    assertTrue(meta.getFinalizers().isEmpty());
    assertNull(meta.getUid());
    assertNull(meta.getResourceVersion());
    assertNull(meta.getGenerateName());
    assertNull(copy.getStatus());
    var spec = copy.getSpec();
    assertNull(spec.getNodeName());
    assertNull(spec.getPriority());
    assertNull(spec.getHostname());
    assertTrue(spec.getEphemeralContainers().isEmpty());
    assertEquals(1, spec.getVolumes().size());
    assertEquals("data", spec.getVolumes().getFirst().getName());
    assertEquals(1, spec.getContainers().getFirst().getVolumeMounts().size());
    assertTrue(spec.getInitContainers().getFirst().getVolumeMounts().isEmpty());
  }

  @Test
  void whatItsAuthorWroteStays() {
    var spec = PodCopy.restoring(live(), "copy", "snap").getSpec();
    assertEquals("gvisor", spec.getRuntimeClassName());
    assertEquals("builder", spec.getServiceAccountName());
    assertEquals("registry/app:1", spec.getContainers().getFirst().getImage());
    assertEquals(Map.of("disk", "fast"), spec.getNodeSelector());
  }

  /** The API server gives the copy a token volume of its own, with another name. */
  @Test
  void withItsOwnTokenVolumeTheCopyHasTheSameSpecHash() {
    var origin = live();
    var copy = PodCopy.clean(origin, "copy");
    assertNotEquals(SpecHash.of(origin.getSpec()), SpecHash.of(copy.getSpec()));
    var served = withToken(copy, "kube-api-access-zzzzz");
    assertEquals(SpecHash.of(origin.getSpec()), SpecHash.of(served.getSpec()));
  }

  @Test
  void theOriginIsNotTouched() {
    var origin = live();
    PodCopy.restoring(origin, "copy", "snap");
    assertEquals(live(), origin);
  }

  @Test
  void aHostNameThatItsAuthorChoseStays() {
    var origin = live();
    origin.getSpec().setHostname("chosen");
    assertEquals("chosen", PodCopy.clean(origin, "copy").getSpec().getHostname());
  }

  @Test
  void newNamesFitAndAreNotAStatefulSets() {
    assertTrue(PodNames.like("web-0").matches("web-0-r[a-z0-9]{4}"), PodNames.like("web-0"));
    var name = PodNames.like("a".repeat(57) + ".b");
    assertTrue(name.length() <= 63, name);
    assertTrue(name.matches("a{57}-r[a-z0-9]{4}"), name);
  }

  private static Pod live() {
    return withToken(
        new PodBuilder()
            .withNewMetadata()
            .withName("web-0")
            .withGenerateName("web-")
            .withNamespace("demo")
            .withUid("u")
            .withResourceVersion("17")
            .withLabels(
                Map.of(
                    "app", "web",
                    "user", "x",
                    "pod-template-hash", "5d4",
                    "statefulset.kubernetes.io/pod-name", "web-0"))
            .withAnnotations(
                Map.of(
                    "note", "mine",
                    "podsnapshot.gke.io/ps-name", "",
                    "kubectl.kubernetes.io/last-applied-configuration", "{}",
                    "cni.projectcalico.org/podIP", "10.0.0.1/32"))
            .withOwnerReferences(
                new OwnerReferenceBuilder().withKind("StatefulSet").withName("web").build())
            .withFinalizers("batch.kubernetes.io/job-tracking")
            .endMetadata()
            .withNewSpec()
            .withRuntimeClassName("gvisor")
            .withServiceAccountName("builder")
            .withNodeName("n1")
            .withNodeSelector(Map.of("disk", "fast"))
            .withPriority(0)
            .withPreemptionPolicy("PreemptLowerPriority")
            .withHostname("web-0")
            .addNewVolume()
            .withName("data")
            .withNewEmptyDir()
            .endEmptyDir()
            .endVolume()
            .addNewContainer()
            .withName("main")
            .withImage("registry/app:1")
            .addNewVolumeMount()
            .withName("data")
            .withMountPath("/data")
            .endVolumeMount()
            .endContainer()
            .addNewInitContainer()
            .withName("init")
            .withImage("registry/init:1")
            .endInitContainer()
            .addNewEphemeralContainer()
            .withName("debugger")
            .endEphemeralContainer()
            .endSpec()
            .withNewStatus()
            .withPhase("Running")
            .endStatus()
            .build(),
        "kube-api-access-abcde");
  }

  private static Pod withToken(Pod pod, String name) {
    var mount =
        new VolumeMountBuilder()
            .withName(name)
            .withMountPath("/var/run/secrets/kubernetes.io/serviceaccount")
            .withReadOnly(true)
            .build();
    return new PodBuilder(pod)
        .editSpec()
        .addToVolumes(new VolumeBuilder().withName(name).withNewProjected().endProjected().build())
        .editFirstContainer()
        .addToVolumeMounts(mount)
        .endContainer()
        .editFirstInitContainer()
        .addToVolumeMounts(mount)
        .endInitContainer()
        .endSpec()
        .build();
  }
}
