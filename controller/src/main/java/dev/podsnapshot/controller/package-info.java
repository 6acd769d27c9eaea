/**
 * The controller owns the status of the resources, retention, deletion and the choice of a
 * snapshot. It must never touch a node or a snapshot's bytes.
 */
package dev.podsnapshot.controller;
