package dev.podsnapshot.controller;

import dev.podsnapshot.api.PodSnapshot;
import dev.podsnapshot.api.PodSnapshotApi;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.HasMetadata;
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
import java.util.Optional;
import org.jboss.logging.Logger;

/** What users are told beside the status of our own objects: events, and conditions of Pods. */
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

  void checkpointFailed(Pod pod, String snapshot, String why) {
    event(
        pod,
        "Warning",
        "Failed to checkpoint the pod to PodSnapshot %s: %s"
            .formatted(qualified(pod, snapshot), why));
  }

  /** The Pod that the snapshot was taken of, if it is still there. */
  Optional<Pod> origin(PodSnapshot snapshot) {
    var annotations = snapshot.getMetadata().getAnnotations();
    return Optional.ofNullable(
            client
                .pods()
                .inNamespace(snapshot.getMetadata().getNamespace())
                .withName(annotations.get(PodSnapshotApi.ORIGIN_POD))
                .get())
        .filter(
            pod ->
                pod.getMetadata().getUid().equals(annotations.get(PodSnapshotApi.ORIGIN_POD_UID)));
  }

  /** The policy's own trigger made a snapshot of the Pod: it makes no second one. */
  void triggered(Pod pod, String trigger, String snapshot) {
    condition(
        pod,
        PodSnapshotApi.POD_SNAPSHOT_TRIGGERED,
        "True",
        trigger,
        "PodSnapshot " + qualified(pod, snapshot));
  }

  void snapshotEvent(PodSnapshot snapshot, String reason, String message) {
    event(snapshot, "Warning", reason, message);
  }

  void restored(Pod pod, String snapshot) {
    event(
        pod,
        "Normal",
        "Successfully restored the pod from PodSnapshot " + qualified(pod, snapshot));
    condition(
        pod,
        PodSnapshotApi.POD_RESTORED,
        "True",
        "Restored",
        "restored from PodSnapshot " + qualified(pod, snapshot));
  }

  void coldStart(Pod pod, String reason, String message) {
    event(pod, "Warning", "falling back to a cold start of pod: " + message);
    condition(pod, PodSnapshotApi.POD_RESTORED, "False", reason, message);
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

  private void condition(Pod pod, String type, String status, String reason, String message) {
    var condition =
        new PodConditionBuilder()
            .withType(type)
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

  private void event(Pod pod, String type, String message) {
    event(pod, type, PodSnapshotApi.EVENT_REASON, message);
  }

  /** The name is made of what is told, so that telling it twice leaves one event. */
  private void event(HasMetadata object, String type, String reason, String message) {
    var now = Instant.now();
    var name =
        "%s.%s"
            .formatted(
                object.getMetadata().getName(),
                Integer.toHexString(Objects.hash(object.getMetadata().getUid(), message)));
    var event =
        new EventBuilder()
            .withNewMetadata()
            .withName(name)
            .withNamespace(object.getMetadata().getNamespace())
            .endMetadata()
            .withType(type)
            .withReason(reason)
            .withMessage(message)
            .withAction(reason)
            .withNewInvolvedObject()
            .withApiVersion(object.getApiVersion())
            .withKind(object.getKind())
            .withName(object.getMetadata().getName())
            .withNamespace(object.getMetadata().getNamespace())
            .withUid(object.getMetadata().getUid())
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
            "%s=%s/%s phase=event: %s",
            object.getKind(),
            object.getMetadata().getNamespace(),
            object.getMetadata().getName(),
            e.getMessage());
      }
    }
  }

  private static String qualified(Pod pod, String snapshot) {
    return pod.getMetadata().getNamespace() + "/" + snapshot;
  }
}
