/**
 * Which snapshot a Pod gets, or why none. Pure: the restore decision, the reason shown to the user
 * and {@code explain} all come from {@link dev.podsnapshot.matching.Matching}.
 */
package dev.podsnapshot.matching;
