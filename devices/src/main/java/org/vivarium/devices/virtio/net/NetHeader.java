package org.vivarium.devices.virtio.net;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.ChainWriter;

/**
 * struct virtio_net_hdr: what is to be done to a frame, or was (VIRTIO 1.2, 5.1.6).
 *
 * <p>A flyweight. One that {@link #parse} accepted has offsets that lie inside its frame.
 */
public final class NetHeader {
  /** Bytes of the header; num_buffers is always there (VIRTIO_F_VERSION_1). */
  public static final int BYTES = 12;

  /** Largest frame: 64 KiB of IP packet, an Ethernet header and a VLAN tag. */
  public static final int MAX_FRAME = 65535 + 14 + 4;

  /** Smallest frame: an Ethernet header. */
  public static final int MIN_FRAME = 14;

  /** VIRTIO_NET_HDR_F_NEEDS_CSUM. */
  public static final int NEEDS_CSUM = 1;

  /** VIRTIO_NET_HDR_F_DATA_VALID: the checksum of a received frame is known to be right. */
  public static final int DATA_VALID = 2;

  /** VIRTIO_NET_HDR_GSO_NONE. */
  public static final int GSO_NONE = 0;

  /** VIRTIO_NET_HDR_GSO_TCPV4. */
  public static final int GSO_TCPV4 = 1;

  /** VIRTIO_NET_HDR_GSO_TCPV6. */
  public static final int GSO_TCPV6 = 4;

  private static final int CHECKSUM_BYTES = 2;

  private int flags;
  private int gsoType;
  private int headerLength;
  private int gsoSize;
  private int checksumStart;
  private int checksumOffset;

  /** Makes a header that asks for nothing. */
  public NetHeader() {}

  /** Makes it ask for nothing. */
  public void clear() {
    set(0, GSO_NONE, 0, 0, 0, 0);
  }

  /**
   * Sets all fields.
   *
   * @param newFlags {@link #NEEDS_CSUM}, {@link #DATA_VALID} for a received frame, or 0
   * @param newGsoType {@link #GSO_NONE}, {@link #GSO_TCPV4} or {@link #GSO_TCPV6}
   * @param newHeaderLength a hint: bytes of all headers
   * @param newGsoSize bytes of payload in each segment
   * @param newChecksumStart where the sum begins, bytes from the frame's start
   * @param newChecksumOffset where the sum is put, bytes from checksumStart
   */
  public void set(
      int newFlags,
      int newGsoType,
      int newHeaderLength,
      int newGsoSize,
      int newChecksumStart,
      int newChecksumOffset) {
    flags = newFlags;
    gsoType = newGsoType;
    headerLength = newHeaderLength;
    gsoSize = newGsoSize;
    checksumStart = newChecksumStart;
    checksumOffset = newChecksumOffset;
  }

  /** {@link #NEEDS_CSUM} or, of a received frame, {@link #DATA_VALID}, or 0. */
  public int flags() {
    return flags;
  }

  /** Kind of segmentation. */
  public int gsoType() {
    return gsoType;
  }

  /** A hint: bytes of all headers, not more than the frame's. */
  public int headerLength() {
    return headerLength;
  }

  /** Bytes of payload in each segment; above 0 if there is segmentation. */
  public int gsoSize() {
    return gsoSize;
  }

  /** Where the sum begins, bytes from the frame's start. */
  public int checksumStart() {
    return checksumStart;
  }

  /** Where the sum is put, bytes from {@link #checksumStart}. */
  public int checksumOffset() {
    return checksumOffset;
  }

  /**
   * Reads the header of a frame to be sent and checks it against the frame.
   *
   * @param reader at the start of the chain; afterwards at the start of the frame
   * @param negotiated feature bits
   * @return what is wrong with it, or null
   */
  @Nullable NetFault parse(ChainReader reader, long negotiated) {
    if (reader.remaining() < BYTES) {
      return NetFault.SHORT_HEADER;
    }
    // Only NEEDS_CSUM is a driver's to set; the device ignores the others (5.1.6.2.2).
    int newFlags = reader.readU8() & NEEDS_CSUM;
    set(
        newFlags,
        reader.readU8(),
        reader.readU16(),
        reader.readU16(),
        reader.readU16(),
        reader.readU16());
    reader.skip(2);
    long length = reader.remaining();
    if (length < MIN_FRAME || length > MAX_FRAME) {
      return NetFault.FRAME_LENGTH;
    }
    return check((int) length, negotiated & NetLayout.TO_DEVICE);
  }

  private @Nullable NetFault check(int length, long offloads) {
    boolean partial = flags != 0;
    if (partial && (offloads & NetLayout.VIRTIO_NET_F_CSUM) == 0) {
      return NetFault.NOT_NEGOTIATED;
    }
    if (partial && checksumStart + checksumOffset + CHECKSUM_BYTES > length) {
      return NetFault.CHECKSUM_OUTSIDE_FRAME;
    }
    if (gsoType == GSO_NONE) {
      headerLength = Math.min(headerLength, length);
      return null;
    }
    long needed =
        switch (gsoType) {
          case GSO_TCPV4 -> NetLayout.VIRTIO_NET_F_HOST_TSO4;
          case GSO_TCPV6 -> NetLayout.VIRTIO_NET_F_HOST_TSO6;
          default -> 0;
        };
    if ((offloads & needed) == 0) {
      return NetFault.NOT_NEGOTIATED;
    }
    boolean headersInside = headerLength >= MIN_FRAME && headerLength <= length;
    return partial && gsoSize > 0 && headersInside ? null : NetFault.SEGMENTATION;
  }

  /** Writes the header of a received frame that takes this many chains. */
  void write(ChainWriter writer, int buffers) {
    writer.writeU8(flags);
    writer.writeU8(gsoType);
    writer.writeU16(headerLength);
    writer.writeU16(gsoSize);
    writer.writeU16(checksumStart);
    writer.writeU16(checksumOffset);
    writer.writeU16(buffers);
  }
}
