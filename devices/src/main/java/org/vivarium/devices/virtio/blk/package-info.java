/**
 * The block device (VIRTIO 1.2, 5.2): a guest's requests against a {@link
 * org.vivarium.images.disk.DiskImage}.
 *
 * <p>Membership rule: what only virtio-blk needs. Threads: the device is called on virtual
 * processors' threads under the transport's lock; requests are taken and parsed on the I/O loop and
 * executed by io_uring, whose completions are returned on that loop, or on the disk's workers,
 * several at once, which return them to the driver themselves. Data moves between guest memory and
 * the image without a copy in the heap.
 */
package org.vivarium.devices.virtio.blk;
