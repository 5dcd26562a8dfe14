/**
 * Writes initial RAM disks for Linux.
 *
 * <p>Membership: the tree of files that a kernel unpacks, and the archive format it is packed in. A
 * tree is built by one thread; everything else may be used from any thread.
 */
package org.vivarium.images.initramfs;
