/**
 * The memory balloon (VIRTIO 1.2, 5.5): takes memory from the guest when the host asks, gives pages
 * that the guest does not use back to the host, and tells how the guest uses its memory.
 *
 * <p>Membership rule: what only virtio-balloon needs. Threads: the device is called on virtual
 * processors' threads under the transport's lock; handlers run on the I/O loop.
 */
package org.vivarium.devices.virtio.balloon;
