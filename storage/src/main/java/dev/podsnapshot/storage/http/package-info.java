/**
 * The little of HTTP/1.1 that moving large bodies needs: persistent connections, each with one
 * buffer outside the heap, and bodies that are never copied into another. Measured against
 * java.net.http and sendfile on loopback (docs/benchmarks.md): half the processor time of the
 * first, and faster than the second, whose small pages cost the receiver more than the copy.
 */
package dev.podsnapshot.storage.http;
