/**
 * A node's line to the controller: TLS that trusts the controller's authority alone, and the node's
 * own ServiceAccount token on every call. Both come as files that kubelet renews, and are read when
 * they are used.
 */
package dev.podsnapshot.fleet;
