/**
 * Read-only files whose bytes may still be on their way: a FUSE server that speaks the kernel's
 * protocol (include/uapi/linux/fuse.h) over {@code /dev/fuse} itself.
 *
 * <p>Why not libfuse: its high-level interface, the one that Java bindings offer, answers a read
 * when its callback returns, so that each read that waits holds a thread, ten of them by default.
 * gVisor keeps 128 reads under way (pkg/sentry/state/stateio/pagesfile.go), nearly all of which
 * wait while a snapshot arrives. Here a read that waits is a record, answered by whoever brings its
 * bytes. The part of the protocol that a read-only tree needs is a dozen small messages, and no
 * native library has to be in the image.
 */
package dev.podsnapshot.restorer.fuse;
