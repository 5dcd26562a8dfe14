package org.vivarium.devices.virtio.vsock;

import org.vivarium.devices.virtio.queue.BufferList;
import org.vivarium.devices.virtio.queue.ChainWriter;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.IoVector;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.UnixSocket;

/**
 * A chain of the receive queue: data goes straight from a socket into it, then the header is put
 * before that. On the I/O loop; allocates nothing.
 */
final class ReceiveBuffer {
  private static final int MAX_RANGES = 64;

  private final GuestMemory memory;
  private final BufferList ranges = new BufferList();
  private final IoVector vector = new IoVector(MAX_RANGES);
  private final DescriptorChain chain;

  /**
   * @param chain the one that is filled again and again
   */
  ReceiveBuffer(GuestMemory memory, DescriptorChain chain) {
    this.memory = memory;
    this.chain = chain;
  }

  /** Bytes of data that fit behind the header; negative if not even that has room. */
  long room() {
    return chain.writableBytes() - VsockLayout.HEADER_BYTES;
  }

  /** Reads up to {@code most} bytes, above 0 and at most {@link #room}, from a socket. */
  long read(UnixSocket socket, long most) throws KvmException {
    ChainWriter writer = chain.writer();
    writer.skip(VsockLayout.HEADER_BYTES);
    ranges.clear();
    writer.take(most, ranges);
    vector.clear();
    // What lies past so many ranges is filled by the next packet.
    for (int i = 0; i < Math.min(ranges.count(), MAX_RANGES); i++) {
      vector.add(memory.hva(ranges.gpa(i), ranges.length(i)), ranges.length(i));
    }
    return socket.read(vector);
  }

  void write(VsockHeader header) {
    header.write(chain.writer());
  }
}
