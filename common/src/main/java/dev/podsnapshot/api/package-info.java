/**
 * The resources of {@code podsnapshot.gke.io} as Java types; the CRDs under {@code kubernetes/crds}
 * are generated from them.
 */
package dev.podsnapshot.api;
