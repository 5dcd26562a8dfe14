/**
 * The console device (VIRTIO 1.2, 5.3): byte streams between guest and host, the first of them the
 * guest's hvc0.
 *
 * <p>Membership rule: what only virtio-console needs. No byte is lost and no buffer grows: output
 * that the host does not take stays in the guest's buffers, input waits in a bounded ring. Threads:
 * the device is called on virtual processors' threads under the transport's lock, handlers run on
 * the I/O loop, and the host uses a {@link org.vivarium.devices.virtio.console.ConsolePort} on any
 * thread.
 */
package org.vivarium.devices.virtio.console;
