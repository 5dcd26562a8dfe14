package org.vivarium.devices.virtio.vsock;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.UnixSocket;

/**
 * The connections of one activation: packets of the guest find theirs here, and packets to the
 * guest are taken from them in turn. On the I/O loop; data allocates nothing.
 */
final class VsockConnections {
  /** Resets that are owed for packets of no connection; the guest waits while there are so many. */
  private static final int MAX_RESETS = 256;

  /** Ports of connections that come from the host, so that they meet none that the guest names. */
  private static final int FIRST_HOST_PORT = 1 << 30;

  private static final int HOST_PORT_MASK = FIRST_HOST_PORT - 1;

  private final VsockConfig config;
  private final IoLoop loop;
  private final Runnable changed;
  private final VsockConnection[] connections = new VsockConnection[VsockLayout.MAX_CONNECTIONS];
  private final int[] resetHostPorts = new int[MAX_RESETS];
  private final int[] resetGuestPorts = new int[MAX_RESETS];
  private int count;
  private int turn;
  private int firstReset;
  private int resets;
  private int lastHostPort;
  private boolean waiting;

  /**
   * @param changed called on the loop when {@link #pending} may have become true
   */
  VsockConnections(VsockConfig config, IoLoop loop, Runnable changed) {
    this.config = config;
    this.loop = loop;
    this.changed = changed;
  }

  /** Number of connections. */
  int count() {
    return count;
  }

  /** Whether packets of the guest can be taken; if not, {@link #guestWaits} will tell when. */
  boolean accepts() {
    waiting |= resets == MAX_RESETS;
    return resets < MAX_RESETS;
  }

  /** Whether a packet was not taken that now can be; answers so once. */
  boolean guestWaits() {
    boolean now = waiting && resets < MAX_RESETS;
    waiting &= !now;
    return now;
  }

  /** Takes a packet of the guest; {@link #accepts} is true. */
  void accept(VsockHeader header, ChainReader data, GuestBuffers guest, BufferList ranges) {
    boolean here =
        header.sourceCid == config.cid() && header.destinationCid == VsockLayout.VMADDR_CID_HOST;
    if (!here) {
      return;
    }
    VsockConnection connection = find(header.destinationPort, header.sourcePort);
    boolean stream = header.type == VsockLayout.VIRTIO_VSOCK_TYPE_STREAM;
    if (connection != null) {
      if (stream) {
        connection.accept(header, data, guest, ranges);
      } else {
        connection.abort();
      }
      sweep(connection);
    } else if (stream && header.operation == VsockLayout.VIRTIO_VSOCK_OP_REQUEST) {
      open(header, data, guest, ranges);
    } else if (header.operation != VsockLayout.VIRTIO_VSOCK_OP_RST) {
      refuse(header.destinationPort, header.sourcePort);
    }
    changed.run();
  }

  private void open(VsockHeader header, ChainReader data, GuestBuffers guest, BufferList ranges) {
    if (count == connections.length) {
      refuse(header.destinationPort, header.sourcePort);
      return;
    }
    try {
      UnixSocket socket = UnixSocket.connect(config.socketOf(header.destinationPort));
      VsockConnection opened =
          add(
              header.destinationPort,
              header.sourcePort,
              socket,
              VsockLayout.VIRTIO_VSOCK_OP_RESPONSE);
      // A request carries the guest's first credit.
      header.operation = VsockLayout.VIRTIO_VSOCK_OP_CREDIT_UPDATE;
      opened.accept(header, data, guest, ranges);
    } catch (KvmException e) {
      // Nobody listens at that port: an answer to the guest, no fault of the host.
      refuse(header.destinationPort, header.sourcePort);
    }
  }

  /**
   * Asks the guest to accept a connection from the host.
   *
   * @param socket belongs to this object from now on; closed if there are too many
   */
  void connect(UnixSocket socket, int guestPort) {
    if (count == connections.length) {
      socket.close();
      return;
    }
    do {
      lastHostPort = (lastHostPort + 1) & HOST_PORT_MASK;
    } while (find(FIRST_HOST_PORT + lastHostPort, guestPort) != null);
    add(FIRST_HOST_PORT + lastHostPort, guestPort, socket, VsockLayout.VIRTIO_VSOCK_OP_REQUEST);
    changed.run();
  }

  private VsockConnection add(int hostPort, int guestPort, UnixSocket socket, int operation) {
    VsockConnection made =
        new VsockConnection(hostPort, guestPort, socket, operation, loop, changed);
    connections[count] = made;
    count++;
    return made;
  }

  private void refuse(int hostPort, int guestPort) {
    int slot = (firstReset + resets) % MAX_RESETS;
    resetHostPorts[slot] = hostPort;
    resetGuestPorts[slot] = guestPort;
    resets++;
  }

  private @Nullable VsockConnection find(int hostPort, int guestPort) {
    for (int i = 0; i < count; i++) {
      VsockConnection each = connections[i];
      if (each.hostPort == hostPort && each.guestPort == guestPort) {
        return each;
      }
    }
    return null;
  }

  private void sweep(VsockConnection connection) {
    if (!connection.finished()) {
      return;
    }
    for (int i = 0; i < count; i++) {
      if (connections[i].equals(connection)) {
        count--;
        connections[i] = connections[count];
        return;
      }
    }
  }

  /** Whether the guest is to be sent something. */
  boolean pending() {
    boolean any = resets > 0;
    for (int i = 0; i < count && !any; i++) {
      any = connections[i].pending();
    }
    return any;
  }

  /**
   * Puts the next packet into a buffer that has room for a header.
   *
   * @return bytes of it, 0 if there is nothing to send after all
   */
  long produce(VsockHeader header, ReceiveBuffer buffer) {
    if (resets > 0) {
      header.fromHost(
          config.cid(),
          resetHostPorts[firstReset],
          resetGuestPorts[firstReset],
          VsockLayout.VIRTIO_VSOCK_OP_RST);
      firstReset = (firstReset + 1) % MAX_RESETS;
      resets--;
      buffer.write(header);
      return VsockLayout.HEADER_BYTES;
    }
    for (int tries = count; tries > 0; tries--) {
      turn = (turn + 1) % count;
      VsockConnection next = connections[turn];
      long bytes = next.pending() ? next.produce(header, config.cid(), buffer) : 0;
      if (bytes > 0) {
        sweep(next);
        return bytes;
      }
    }
    return 0;
  }

  /** Ends all connections: the driver has gone. */
  void close() {
    while (count > 0) {
      count--;
      connections[count].closeSocket();
    }
    resets = 0;
  }
}
