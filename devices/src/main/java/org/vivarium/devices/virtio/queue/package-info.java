/**
 * The split virtqueue, the device's side of it (VIRTIO 1.2, 2.7): rings in guest memory, descriptor
 * chains, and cursors over the bytes of a chain.
 *
 * <p>Membership rule: what is true of every virtqueue whatever device owns it. Nothing here knows a
 * device, a transport, an interrupt or a thread. The guest writes the memory behind all of it while
 * it is read: each value is read once, the copy is checked and the copy is used. What the guest
 * does wrong is a value ({@link org.vivarium.devices.virtio.queue.ChainFault}, {@link
 * org.vivarium.devices.virtio.queue.VirtqueueConfigFault}), never an exception.
 *
 * <p>Threads: a queue, its chains and their cursors belong to one thread at a time, the device's
 * I/O thread unless the device says otherwise.
 */
package org.vivarium.devices.virtio.queue;
