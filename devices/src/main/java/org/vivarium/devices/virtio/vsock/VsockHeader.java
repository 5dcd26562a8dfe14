package org.vivarium.devices.virtio.vsock;

import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.ChainWriter;

/** struct virtio_vsock_hdr (VIRTIO 1.2, 5.10.6): a flyweight; 32-bit fields are unsigned. */
final class VsockHeader {
  long sourceCid;
  long destinationCid;
  int sourcePort;
  int destinationPort;

  /** Bytes of data after the header. */
  long length;

  int type;
  int operation;
  int flags;

  /** Bytes that the sender keeps for what it receives (buf_alloc). */
  int bufferSize;

  /** Bytes that the sender has received and passed on, mod 2^32 (fwd_cnt). */
  int forwarded;

  /**
   * Reads a header.
   *
   * @return false if the chain is shorter
   */
  boolean parse(ChainReader reader) {
    if (reader.remaining() < VsockLayout.HEADER_BYTES) {
      return false;
    }
    sourceCid = reader.readU64();
    destinationCid = reader.readU64();
    sourcePort = (int) reader.readU32();
    destinationPort = (int) reader.readU32();
    length = reader.readU32();
    type = reader.readU16();
    operation = reader.readU16();
    flags = (int) reader.readU32();
    bufferSize = (int) reader.readU32();
    forwarded = (int) reader.readU32();
    return true;
  }

  /** Becomes a header of a stream from the host, without data, flags and credit. */
  void fromHost(long guestCid, int hostPort, int guestPort, int newOperation) {
    sourceCid = VsockLayout.VMADDR_CID_HOST;
    destinationCid = guestCid;
    sourcePort = hostPort;
    destinationPort = guestPort;
    length = 0;
    type = VsockLayout.VIRTIO_VSOCK_TYPE_STREAM;
    operation = newOperation;
    flags = 0;
    bufferSize = 0;
    forwarded = 0;
  }

  /** Writes the header; there is room for it. */
  void write(ChainWriter writer) {
    writeU64(writer, sourceCid);
    writeU64(writer, destinationCid);
    writer.writeU32(sourcePort);
    writer.writeU32(destinationPort);
    writer.writeU32(length);
    writer.writeU16(type);
    writer.writeU16(operation);
    writer.writeU32(flags);
    writer.writeU32(bufferSize);
    writer.writeU32(forwarded);
  }

  private static void writeU64(ChainWriter writer, long value) {
    writer.writeU32(value);
    writer.writeU32(value >>> Integer.SIZE);
  }
}
