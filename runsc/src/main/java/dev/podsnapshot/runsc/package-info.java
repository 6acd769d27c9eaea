/** The gVisor runtime of a node: its command line and its state folder. */
package dev.podsnapshot.runsc;
