/**
 * Tiny Linux: the first guest, a stock kernel and busybox in memory.
 *
 * <p>Membership: its recipe, which is data in this package's resources, how it is built, and where
 * the built images are kept. Any thread and any number of processes may build at once; they take
 * turns.
 */
package org.vivarium.images.tiny;
