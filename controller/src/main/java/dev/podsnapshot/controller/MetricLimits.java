package dev.podsnapshot.controller;

import io.micrometer.core.instrument.config.MeterFilter;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;

/** Labels that come from nodes take few values: no node shall fill the controller's memory. */
class MetricLimits {
  private static final int REASONS = 64;

  @Produces
  @Singleton
  MeterFilter reasonsOfNodes() {
    return MeterFilter.maximumAllowableTags(
        "podsnapshot_restores_total", "reason", REASONS, MeterFilter.deny());
  }
}
