/**
 * Disks as byte ranges: the interface that devices use, raw images, and the host file below them.
 *
 * <p>Membership: what every format shares. {@link org.vivarium.images.disk.DiskImage} looks up to
 * the device; {@link org.vivarium.images.disk.BlockFile}, {@link
 * org.vivarium.images.disk.FileLocker} and {@link org.vivarium.images.disk.HolePuncher} look down
 * to the host, so that tests can put faults there and so that upper modules can supply system calls
 * that Java lacks. A format lives in a package of its own. No class here knows a virtual machine.
 *
 * <p>Threading: see {@link org.vivarium.images.disk.DiskImage}.
 */
package org.vivarium.images.disk;
