package dev.podsnapshot.controller.identity;

import io.grpc.Status;

/**
 * Why a call is not answered.
 *
 * @param reason for the metric: one of few
 * @param text for the caller and the log
 */
public record Refusal(Status.Code code, String reason, String text) {
  Status status() {
    return code.toStatus().withDescription(text);
  }
}
