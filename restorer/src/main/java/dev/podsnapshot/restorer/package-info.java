/**
 * The restorer owns the bytes from the bucket to the node's cache, the hook's questions and the
 * report of restores. It must never decide alone which snapshot matches.
 *
 * <p>The hook asks by one line of words separated by tabs and hears one line:
 *
 * <ul>
 *   <li>{@code create ID BUNDLE}: {@code plan SANDBOX}, or {@code pass}. The bundle's config.json
 *       may be edited before the answer.
 *   <li>{@code start ID}, for the sandbox container of a plan: {@code restore DIRECTORY} as soon as
 *       the snapshot can be restored from there, or {@code pass}. Its pages may still arrive.
 *   <li>{@code restored ID}: a container was restored.
 *   <li>{@code failed ID REASON}: a restore failed; the Pod's plan is withdrawn.
 * </ul>
 */
package dev.podsnapshot.restorer;
