package dev.podsnapshot.controller.leader;

/** Fired once: this replica leads from now on. */
public record Leading() {}
