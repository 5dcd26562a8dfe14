package org.vivarium.devices.virtio.vsock;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.vivarium.kvm.UnixSocket;

/**
 * Where a guest's sockets lead.
 *
 * @param cid the guest's context identifier, 3 to 2^32 - 2
 * @param socket the host listens there for connections to the guest; the guest's connection to port
 *     N goes to the socket of this name with {@code _N} behind it. In a folder of the user's alone
 */
public record VsockConfig(long cid, Path socket) {
  private static final int LONGEST_SUFFIX = "_4294967295".length();

  /** Checks the ranges. */
  public VsockConfig {
    if (cid < 3 || cid > 0xFFFF_FFFEL) {
      throw new IllegalArgumentException("Vsock cid " + cid + " is not from 3 to 4294967294");
    }
    int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > UnixSocket.MAX_PATH_BYTES - LONGEST_SUFFIX) {
      throw new IllegalArgumentException(
          "Vsock socket %s has more than %d bytes"
              .formatted(socket, UnixSocket.MAX_PATH_BYTES - LONGEST_SUFFIX));
    }
  }

  /** Where the guest's connection to a port of the host goes. */
  Path socketOf(int port) {
    return Path.of(socket + "_" + Integer.toUnsignedString(port));
  }
}
