package dev.podsnapshot.controller.identity;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Nodes are sent to a controller only when it can prove itself. */
@Readiness
@ApplicationScoped
class ServingCheck implements HealthCheck {
  private final ServingCertificate certificate;

  ServingCheck(ServingCertificate certificate) {
    this.certificate = certificate;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("serving certificate").status(certificate.isShown()).build();
  }
}
