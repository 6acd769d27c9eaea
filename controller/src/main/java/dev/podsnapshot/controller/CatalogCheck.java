package dev.podsnapshot.controller;

import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/** A controller whose lists are not kept up any more is made anew. */
@Liveness
@ApplicationScoped
class CatalogCheck implements HealthCheck {
  private final Catalog catalog;

  CatalogCheck(Catalog catalog) {
    this.catalog = catalog;
  }

  @Override
  public HealthCheckResponse call() {
    return HealthCheckResponse.named("policies and snapshots").status(catalog.current()).build();
  }
}
