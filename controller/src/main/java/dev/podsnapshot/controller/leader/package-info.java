/**
 * Which of the controller's replicas acts. One holds the Lease; it reconciles, and the Service that
 * the nodes call leads to it alone. The others wait with all they need to know at hand (the
 * catalog, the certificate) and do nothing.
 */
package dev.podsnapshot.controller.leader;
