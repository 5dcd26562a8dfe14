/**
 * How a virtio device and its driver meet: the contract of a device, its life from reset to reset,
 * and modern virtio-pci (VIRTIO 1.2, 2.1 to 2.6, 3 and 4.1).
 *
 * <p>Membership rule: what is the same for every virtio device. The machine plugs in below through
 * {@link org.vivarium.devices.virtio.transport.QueueNotifier} (ioeventfd) and {@link
 * org.vivarium.devices.virtio.transport.IoLoop} (the thread that serves queues); devices plug in
 * above through {@link org.vivarium.devices.virtio.transport.VirtioDevice}.
 *
 * <p>Threads: registers are accessed on virtual processors' threads, several at once, under one
 * lock per device; queues are served on the device's I/O thread, which takes that lock only to end
 * a reset or to ask for one. The lock is never held while waiting for the I/O thread.
 */
package org.vivarium.devices.virtio.transport;
