/**
 * How much a disk or a network card moves: limits on it, and counts of it.
 *
 * <p>Membership rule: what disks and cards share on this. Threads: a limiter belongs to its
 * device's I/O loop; counters are any thread's.
 */
package org.vivarium.devices.virtio.traffic;
