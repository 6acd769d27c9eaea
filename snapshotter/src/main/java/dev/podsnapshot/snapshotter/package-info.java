/**
 * The snapshotter owns the checkpoints of its node: it finds sandboxes, triggers and follows
 * checkpoints into the spool, and hands them to the uploader. It must never talk to object storage.
 */
package dev.podsnapshot.snapshotter;
