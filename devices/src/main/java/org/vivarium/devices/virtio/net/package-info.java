/**
 * The network device (VIRTIO 1.2, 5.1): Ethernet frames between the guest and a {@link
 * org.vivarium.devices.virtio.net.NetBackend}.
 *
 * <p>Membership rule: what only virtio-net needs, and the contract of back ends. A frame is copied
 * once on its way, and what was copied is what is checked and sent. Threads: the device is called
 * on virtual processors' threads under the transport's lock; handlers and back end run on the I/O
 * loop.
 */
package org.vivarium.devices.virtio.net;
