package org.vivarium.vmm.config;

import java.nio.file.Path;

/**
 * A virtio-vsock device, whose ports are Unix sockets on the host.
 *
 * @param cid the guest's context identifier, 3 to 2^32-2
 * @param socket the host listens there for connections to the guest; the guest's connection to port
 *     N goes to the socket of this name with {@code _N} behind it
 */
public record VsockConfig(long cid, Path socket) {}
