package org.vivarium.vmm.config;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;

/**
 * A virtio-vsock device, whose ports are Unix sockets on the host.
 *
 * @param cid the guest's context identifier, 3 to 2^32-2
 * @param socket the host listens there for connections to the guest; the guest's connection to port
 *     N goes to the socket of this name with {@code _N} behind it
 */
public record VsockConfig(long cid, Path socket) {
  private static final long FIRST_CID = 3;
  private static final long LAST_CID = 0xFFFF_FFFEL;

  /** Longest path of a Unix socket (unix(7)), less "_" and a port number. */
  private static final int MAX_PATH = 107 - 11;

  /**
   * Checks the fields; looks at nothing on the host.
   *
   * @throws InvalidConfigException naming the field, what was found and what is allowed
   */
  public void check() throws InvalidConfigException {
    if (cid < FIRST_CID || cid > LAST_CID) {
      throw new InvalidConfigException(
          "Vsock: the guest's context identifier cannot be %d; choose %d to %d."
              .formatted(cid, FIRST_CID, LAST_CID));
    }
    if (socket.toString().getBytes(StandardCharsets.UTF_8).length > MAX_PATH) {
      throw new InvalidConfigException(
          "Vsock: the path %s is too long for a socket; choose one of at most %d bytes."
              .formatted(socket, MAX_PATH));
    }
  }
}
