/**
 * Who the controller is to the nodes (its authority and certificate), who calls it (a node, by its
 * ServiceAccount token), and what a node may say.
 */
package dev.podsnapshot.controller.identity;
