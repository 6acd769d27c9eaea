/**
 * The object store behind one small interface. It knows buckets, objects and bytes; never snapshots
 * or Kubernetes.
 */
package dev.podsnapshot.storage;
