package dev.podsnapshot.cli;

import io.fabric8.kubernetes.client.KubernetesClientException;
import java.net.HttpURLConnection;
import java.util.Optional;

/** What a user is told of a request that the API server did not grant. */
final class ApiFailure {
  private ApiFailure() {}

  /**
   * @param server its address
   */
  static String text(KubernetesClientException e, String server) {
    var message =
        Optional.ofNullable(e.getStatus()).map(s -> s.getMessage()).orElse(e.getMessage());
    if (unanswered(e)) {
      return "can't reach the API server %s: %s; check --kubeconfig, --context and the network"
          .formatted(server, root(e));
    }
    return switch (e.getCode()) {
      case HttpURLConnection.HTTP_UNAUTHORIZED ->
          "the API server %s does not accept these credentials: log in again, or choose another --context or --kubeconfig"
              .formatted(server);
      case HttpURLConnection.HTTP_FORBIDDEN ->
          message + "; ask whoever runs the cluster for this permission";
      case HttpURLConnection.HTTP_NOT_FOUND ->
          message + "; are Pod snapshots installed there? kubectl podsnapshot check tells";
      default -> message;
    };
  }

  /** Whether no answer came at all. */
  static boolean unanswered(KubernetesClientException e) {
    return e.getCode() <= 0;
  }

  /** The innermost cause that says something. */
  private static String root(Throwable e) {
    var text = e.getMessage();
    for (var cause = e.getCause(); cause != null; cause = cause.getCause()) {
      text = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
    return text;
  }
}
