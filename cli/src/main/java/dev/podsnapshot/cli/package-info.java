/**
 * {@code kubectl podsnapshot}. Commands hold the input and output; what they show and decide comes
 * from the pure classes beside them and from {@link dev.podsnapshot.matching}.
 */
package dev.podsnapshot.cli;
