package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.MicroTime;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import jakarta.enterprise.context.ApplicationScoped;
import java.net.HttpURLConnection;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Objects;
import org.jboss.logging.Logger;

/** What a Pod's user is told: events and the PodRestored condition. */
@ApplicationScoped
class PodNotices {
  private static final Logger LOG = Logger.getLogger(PodNotices.class);

  /** The API takes exactly six digits. */
  private static final DateTimeFormatter MICROS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final KubernetesClient client;

  PodNotices(KubernetesClient client) {
    this.client = client;
  }

  void checkpointed(Pod pod, String snapshot) {
    event(
        pod,
        "Normal",
        "Successfully checkpointed the pod to PodSnapshot " + qualified(pod, snapshot));
  }

  void restored(Pod pod, String snapshot) {
    event(
        pod,
        "Normal",
        "Successfully restored the pod from PodSnapshot " + qualified(pod, snapshot));
    condition(pod, "True", "Restored", "restored from PodSnapshot " + qualified(pod, snapshot));
  }

  void coldStart(Pod pod, String reason, String message) {
    event(pod, "Warning", "falling back to a cold start of pod: " + message);
    condition(pod, "False", reason, message);
  }

  void noSnapshotYet(Pod pod, String message) {
    event(pod, "Normal", "starting the pod cold: " + message);
  }

  /** Kubelet then ends the Pod and does not restart its containers. */
  void completed(Pod pod) {
    patchStatus(
        pod,
        "{\"status\":{\"phase\":\"Succeeded\",\"reason\":\"PodSnapshotStopped\","
            + "\"message\":\"stopped after its checkpoint, as its PodSnapshotPolicy asks\"}}");
  }

  private void condition(Pod pod, String status, String reason, String message) {
    var condition =
        new PodConditionBuilder()
            .withType(PodSnapshotApi.POD_RESTORED)
            .withStatus(status)
            .withReason(reason)
            .withMessage(message)
            .withLastTransitionTime(Instant.now().truncatedTo(ChronoUnit.SECONDS).toString())
            .build();
    var patch =
        new PodBuilder().withNewStatus().withConditions(condition).endStatus().build().getStatus();
    patchStatus(
        pod,
        "{\"status\":{\"conditions\":"
            + client.getKubernetesSerialization().asJson(patch.getConditions())
            + "}}");
  }

  private void patchStatus(Pod pod, String patch) {
    try {
      client
          .pods()
          .inNamespace(pod.getMetadata().getNamespace())
          .withName(pod.getMetadata().getName())
          .subresource("status")
          .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), patch);
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
        throw e;
      }
    }
  }

  /** The name is made of what is told, so that telling it twice leaves one event. */
  private void event(Pod pod, String type, String message) {
    var now = Instant.now();
    var name =
        "%s.%s"
            .formatted(
                pod.getMetadata().getName(),
                Integer.toHexString(Objects.hash(pod.getMetadata().getUid(), message)));
    var event =
        new EventBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(pod.getMetadata().getNamespace())
            .endMetadata()
            .withType(type)
            .withReason(PodSnapshotApi.EVENT_REASON)
            .withMessage(message)
            .withAction(PodSnapshotApi.EVENT_REASON)
            .withNewInvolvedObject()
            .withApiVersion("v1")
            .withKind("Pod")
            .withName(pod.getMetadata().getName())
            .withNamespace(pod.getMetadata().getNamespace())
            .withUid(pod.getMetadata().getUid())
            .endInvolvedObject()
            .withReportingComponent("podsnapshot-controller")
            .withReportingInstance("podsnapshot-controller")
            .withNewSource()
            .withComponent("podsnapshot-controller")
            .endSource()
            .withEventTime(new MicroTime(MICROS.format(now)))
            .withFirstTimestamp(now.truncatedTo(ChronoUnit.SECONDS).toString())
            .withLastTimestamp(now.truncatedTo(ChronoUnit.SECONDS).toString())
            .withCount(1)
            .build();
    try {
      client.resource(event).create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != HttpURLConnection.HTTP_CONFLICT) {
        LOG.warnf(
            "pod=%s/%s phase=event: %s",
            pod.getMetadata().getNamespace(), pod.getMetadata().getName(), e.getMessage());
      }
    }
  }

  private static String qualified(Pod pod, String snapshot) {
    return pod.getMetadata().getNamespace() + "/" + snapshot;
  }
}
