/**
 * In whose name the nodes use a bucket: a Pod's ServiceAccount, or a central identity narrowed to
 * one snapshot's folder. Tokens are made here, held in memory only, and go to the node that needs
 * them and nowhere else: into no log, no object, no file.
 */
package dev.podsnapshot.controller.access;
