/**
 * The socket device (VIRTIO 1.2, 5.10): streams between programs in the guest and Unix sockets of
 * the host, mapped as Firecracker maps them.
 *
 * <p>A guest's connection to port N of the host goes to the socket PATH_N. A program of the host
 * connects to PATH, writes {@code CONNECT N} and a line feed, and reads {@code OK M} and a line
 * feed once the guest listens on port N; from then on the stream is the guest's.
 *
 * <p>Membership rule: what only virtio-vsock needs. Threads: the device is called on virtual
 * processors' threads under the transport's lock; all else runs on the I/O loop. Every connection
 * has a buffer of fixed size towards the host, credit towards the guest, and there is a limit on
 * their number.
 */
package org.vivarium.devices.virtio.vsock;
