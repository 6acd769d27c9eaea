/**
 * The uploader owns the bytes from the spool to the bucket: parallel composite upload, the cleanup
 * of parts, and the manifest that makes a snapshot exist. It must never know Kubernetes.
 */
package dev.podsnapshot.uploader;
