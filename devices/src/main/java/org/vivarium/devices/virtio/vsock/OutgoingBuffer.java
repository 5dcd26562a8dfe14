package org.vivarium.devices.virtio.vsock;

import java.nio.ByteBuffer;
import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.GuestBuffers;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.NativeBuffer;
import org.vivarium.kvm.UnixSocket;

/** Data from the guest that a socket has not yet taken, at most {@link #SIZE} bytes. */
final class OutgoingBuffer {
  static final int SIZE = VsockLayout.BUFFER_BYTES;

  private final NativeBuffer bytes = new NativeBuffer(SIZE);
  private int start;
  private int end;

  /** Bytes that there is room for. */
  int room() {
    return SIZE - (end - start);
  }

  boolean isEmpty() {
    return start == end;
  }

  /** Takes the next {@code length} bytes of a chain, at most {@link #room}. */
  void append(ChainReader data, int length, GuestBuffers guest, BufferList ranges) {
    if (length > SIZE - end) {
      bytes.bytes().put(0, bytes.bytes(), start, end - start);
      end -= start;
      start = 0;
    }
    ranges.clear();
    data.take(length, ranges);
    int count = guest.fill(ranges);
    ByteBuffer target = bytes.bytes().position(end);
    for (int i = 0; i < count; i++) {
      target.put(guest.buffers()[i]);
    }
    end += length;
  }

  /** Takes bytes of the host's own, at most {@link #room}; the buffer is empty before. */
  void set(byte[] content) {
    bytes.bytes().put(0, content);
    start = 0;
    end = content.length;
  }

  /** Forgets everything. */
  void clear() {
    start = 0;
    end = 0;
  }

  /**
   * Writes once.
   *
   * @return bytes that the socket took, or {@link UnixSocket#WOULD_BLOCK} or {@link
   *     UnixSocket#CLOSED}
   */
  long write(UnixSocket socket) throws KvmException {
    long n = socket.write(bytes, start, end - start);
    if (n > 0) {
      start += (int) n;
    }
    return n;
  }
}
