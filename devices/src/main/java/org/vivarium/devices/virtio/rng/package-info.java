/**
 * The entropy device (VIRTIO 1.2, 5.4): random bytes of the host for the guest.
 *
 * <p>Membership rule: what only virtio-rng needs. Threads: the device is called on virtual
 * processors' threads under the transport's lock; the handler runs on the I/O loop.
 */
package org.vivarium.devices.virtio.rng;
