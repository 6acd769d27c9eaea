/** What is stored beside a snapshot's files, last: without a manifest there is no snapshot. */
package dev.podsnapshot.manifest;
