/**
 * The uploader owns the bytes from the spool to the bucket: parallel composite upload, the cleanup
 * of parts, and the manifest that makes a snapshot exist. It must never know Kubernetes.
 *
 * <p>One rule makes it safe against any crash: what a store has is recognised by name, length and
 * checksum, and every write says which generation it replaces. So an upload can be begun again at
 * any moment, by the same process or the next, and sends only what is not there.
 */
package dev.podsnapshot.uploader;
