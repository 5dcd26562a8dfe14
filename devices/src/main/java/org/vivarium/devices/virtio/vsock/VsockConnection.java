package org.vivarium.devices.virtio.vsock;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.Epoll;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.UnixSocket;

/**
 * One stream between the guest and a Unix socket (VIRTIO 1.2, 5.10.6.3 to 5.10.6.6).
 *
 * <p>Data to the host is kept until the socket takes it: the guest has no more credit than there is
 * room, and a guest that sends more is cut off. Data to the guest stays in the socket until the
 * guest gives credit and a buffer. On the I/O loop; data allocates nothing.
 */
final class VsockConnection {
  private static final int SIZE = OutgoingBuffer.SIZE;

  final int hostPort;
  final int guestPort;
  private final Runnable changed;
  private final OutgoingBuffer outgoing = new OutgoingBuffer();
  private @Nullable UnixSocket socket;
  private IoLoop.@Nullable DescriptorWatch watch;
  private boolean awaitingRoom;

  /** Bytes from the guest, bytes passed on, what the guest knows of that: mod 2^32. */
  private int received;

  private int forwarded;
  private int forwardedTold;

  private final GuestCredit credit = new GuestCredit();
  private boolean established;
  private boolean readable = true;
  private boolean creditAsked;

  /** What the host has ended, and what the guest has: VIRTIO_VSOCK_SHUTDOWN_F_... */
  private int hostEnded;

  private int guestEnded;

  /** Operation to be sent next, 0 for none: REQUEST, RESPONSE or RST. */
  private int owed;

  private boolean shutdownOwed;
  private boolean creditOwed;
  private boolean creditRequestOwed;

  /**
   * @param socket connected; belongs to this object from now on
   * @param operation what opens the connection: REQUEST to a guest that listens, RESPONSE to one
   *     that asked
   * @param changed called on the loop when {@link #pending} may have become true
   */
  VsockConnection(
      int hostPort,
      int guestPort,
      UnixSocket socket,
      int operation,
      IoLoop loop,
      Runnable changed) {
    this.hostPort = hostPort;
    this.guestPort = guestPort;
    this.socket = socket;
    this.owed = operation;
    this.established = operation == VsockLayout.VIRTIO_VSOCK_OP_RESPONSE;
    this.changed = changed;
    this.watch = loop.watch(socket, Epoll.IN, this::ready);
  }

  private void ready() {
    readable = true;
    flush();
    changed.run();
  }

  /** Whether it ended and the guest has been told. */
  boolean finished() {
    return socket == null && owed == 0;
  }

  /** Closes the socket and tells the guest with a reset. */
  void abort() {
    closeSocket();
    owed = VsockLayout.VIRTIO_VSOCK_OP_RST;
  }

  /** Closes the socket; the guest knows. */
  void closeSocket() {
    if (watch != null) {
      watch.cancel();
      watch = null;
    }
    if (socket != null) {
      socket.close();
      socket = null;
    }
    owed = 0;
  }

  /**
   * A packet of the guest other than a request.
   *
   * @param data behind the header
   */
  void accept(VsockHeader header, ChainReader data, GuestBuffers guest, BufferList ranges) {
    credit.update(header);
    creditAsked = false;
    switch (header.operation) {
      case VsockLayout.VIRTIO_VSOCK_OP_RESPONSE -> acceptResponse();
      case VsockLayout.VIRTIO_VSOCK_OP_RST -> closeSocket();
      case VsockLayout.VIRTIO_VSOCK_OP_SHUTDOWN -> {
        guestEnded |= header.flags & VsockLayout.SHUTDOWN_BOTH;
        flush();
      }
      case VsockLayout.VIRTIO_VSOCK_OP_RW -> acceptData(header, data, guest, ranges);
      case VsockLayout.VIRTIO_VSOCK_OP_CREDIT_UPDATE -> {}
      case VsockLayout.VIRTIO_VSOCK_OP_CREDIT_REQUEST -> creditOwed = true;
      default -> abort();
    }
  }

  private void acceptResponse() {
    if (established || owed != 0) {
      abort();
      return;
    }
    established = true;
    byte[] greeting =
        ("OK " + Integer.toUnsignedString(hostPort) + "\n").getBytes(StandardCharsets.US_ASCII);
    outgoing.set(greeting);
    // Nothing was written before, so that the socket has room for it.
    if (write() != greeting.length) {
      abort();
    }
  }

  private void acceptData(
      VsockHeader header, ChainReader data, GuestBuffers guest, BufferList ranges) {
    boolean mayNot = !established || (guestEnded & VsockLayout.VIRTIO_VSOCK_SHUTDOWN_F_SEND) != 0;
    if (mayNot || header.length > data.remaining() || header.length > outgoing.room()) {
      abort();
      return;
    }
    outgoing.append(data, (int) header.length, guest, ranges);
    received += (int) header.length;
    flush();
  }

  /** Writes what the socket takes, and ends what has been ended once all is written. */
  private void flush() {
    while (!outgoing.isEmpty() && socket != null) {
      long n = write();
      if (n < 0) {
        awaitRoom(n == UnixSocket.WOULD_BLOCK);
        break;
      }
      forwarded += (int) n;
    }
    // Told when half of the guest's credit is used up, so that it need not stop.
    creditOwed |= forwarded != forwardedTold && received - forwardedTold >= SIZE / 2;
    if (!outgoing.isEmpty() && socket != null) {
      return;
    }
    outgoing.clear();
    awaitRoom(false);
    if (guestEnded == VsockLayout.SHUTDOWN_BOTH && socket != null) {
      abort();
    } else if ((guestEnded & VsockLayout.VIRTIO_VSOCK_SHUTDOWN_F_SEND) != 0 && socket != null) {
      socket.endWriting();
    }
  }

  private long write() {
    long n = UnixSocket.CLOSED;
    try {
      n = socket == null ? UnixSocket.CLOSED : outgoing.write(socket);
    } catch (KvmException e) {
      // As if the peer had gone: a stream that fails is over.
      n = UnixSocket.CLOSED;
    }
    if (n == UnixSocket.CLOSED) {
      abort();
    }
    return n;
  }

  private void awaitRoom(boolean needed) {
    if (awaitingRoom != needed && watch != null) {
      awaitingRoom = needed;
      watch.await(needed ? Epoll.IN | Epoll.OUT : Epoll.IN);
    }
  }

  /** Whether the guest is to be sent something now. */
  boolean pending() {
    return owed != 0 || shutdownOwed || creditOwed || creditRequestOwed || mayRead();
  }

  private boolean mayRead() {
    boolean open =
        established
            && owed == 0
            && readable
            && hostEnded == 0
            && (guestEnded & VsockLayout.VIRTIO_VSOCK_SHUTDOWN_F_RECEIVE) == 0;
    if (!open || socket == null) {
      return false;
    }
    if (credit.available() > 0) {
      return true;
    }
    if (!creditAsked) {
      creditAsked = true;
      creditRequestOwed = true;
    }
    return creditRequestOwed;
  }

  /**
   * Puts the next packet into a buffer.
   *
   * @return bytes of it, 0 if there is nothing to send after all
   */
  long produce(VsockHeader header, long guestCid, ReceiveBuffer buffer) {
    int operation = 0;
    long length = 0;
    if (owed != 0) {
      operation = owed;
      owed = 0;
    } else if (mayRead() && credit.available() > 0 && buffer.room() > 0) {
      length = read(buffer);
      operation = length > 0 ? VsockLayout.VIRTIO_VSOCK_OP_RW : 0;
    }
    if (operation == 0) {
      operation = control();
    }
    if (operation == 0) {
      return 0;
    }
    header.fromHost(guestCid, hostPort, guestPort, operation);
    header.length = length;
    header.flags = operation == VsockLayout.VIRTIO_VSOCK_OP_SHUTDOWN ? hostEnded : 0;
    header.bufferSize = SIZE;
    header.forwarded = forwarded;
    forwardedTold = forwarded;
    creditOwed = false;
    buffer.write(header);
    return VsockLayout.HEADER_BYTES + length;
  }

  private int control() {
    if (owed != 0) {
      int operation = owed;
      owed = 0;
      return operation;
    }
    if (shutdownOwed) {
      shutdownOwed = false;
      return VsockLayout.VIRTIO_VSOCK_OP_SHUTDOWN;
    }
    if (creditRequestOwed) {
      creditRequestOwed = false;
      return VsockLayout.VIRTIO_VSOCK_OP_CREDIT_REQUEST;
    }
    return creditOwed ? VsockLayout.VIRTIO_VSOCK_OP_CREDIT_UPDATE : 0;
  }

  private long read(ReceiveBuffer buffer) {
    UnixSocket in = socket;
    if (in == null) {
      return 0;
    }
    long most = Math.min(Math.min(credit.available(), buffer.room()), SIZE);
    try {
      long n = buffer.read(in, most);
      if (n > 0) {
        credit.spend(n);
        return n;
      }
      readable = false;
      if (n != UnixSocket.WOULD_BLOCK) {
        endOfHost(in);
      }
    } catch (KvmException e) {
      // As in write.
      abort();
    }
    return 0;
  }

  /** A host that only sends no more can still receive; one that has gone cannot. */
  private void endOfHost(UnixSocket in) throws KvmException {
    boolean gone = in.isHungUp();
    hostEnded = gone ? VsockLayout.SHUTDOWN_BOTH : VsockLayout.VIRTIO_VSOCK_SHUTDOWN_F_SEND;
    shutdownOwed = true;
  }
}
