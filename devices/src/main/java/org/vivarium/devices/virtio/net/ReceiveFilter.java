package org.vivarium.devices.virtio.net;

import java.util.Arrays;
import org.vivarium.devices.virtio.queue.ChainReader;

/**
 * Which frames the driver wants, by their destination (VIRTIO 1.2, 5.1.6.5.1 and 5.1.6.5.2). On the
 * I/O loop; allocates nothing.
 *
 * <p>Lets everything through until the driver says otherwise. A table with more addresses than are
 * kept lets all addresses of its kind through, which the specification allows.
 */
final class ReceiveFilter {
  /** Addresses that are kept of each kind. */
  static final int TABLE = 64;

  private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
  private static final long GROUP = 1L << 40;
  private static final int ADDRESS_BYTES = 6;

  /** Addresses that the driver listed; too many of them stand for all. */
  private static final class Table {
    private final long[] addresses = new long[TABLE];
    private int count;
    private boolean all;

    boolean has(long address) {
      for (int i = 0; i < count; i++) {
        if (addresses[i] == address) {
          return true;
        }
      }
      return all;
    }

    /** Reads as many addresses as the reader has of them. */
    void read(ChainReader reader, long entries) {
      all = entries > TABLE;
      count = all ? 0 : (int) entries;
      for (int i = 0; i < count; i++) {
        long address = 0;
        for (int b = 0; b < ADDRESS_BYTES; b++) {
          address = address << 8 | reader.readU8();
        }
        addresses[i] = address;
      }
      if (all) {
        reader.skip(entries * ADDRESS_BYTES);
      }
    }

    void copy(Table from) {
      System.arraycopy(from.addresses, 0, addresses, 0, from.count);
      Arrays.fill(addresses, from.count, TABLE, 0);
      count = from.count;
      all = from.all;
    }
  }

  private final long mac;
  private final Table unicast = new Table();
  private final Table multicast = new Table();
  private final Table incoming = new Table();
  private boolean promiscuous = true;
  private boolean allMulticast;

  /** Makes a filter that lets everything through, for a card of this address. */
  ReceiveFilter(long mac) {
    this.mac = mac;
  }

  /** VIRTIO_NET_CTRL_RX_PROMISC. */
  void setPromiscuous(boolean on) {
    promiscuous = on;
  }

  /** VIRTIO_NET_CTRL_RX_ALLMULTI. */
  void setAllMulticast(boolean on) {
    allMulticast = on;
  }

  /**
   * VIRTIO_NET_CTRL_MAC_TABLE_SET: both tables, each after its number of entries.
   *
   * @return false if there are fewer bytes than they say; both tables are as before then
   */
  boolean setTables(ChainReader reader) {
    long first = entries(reader);
    if (first < 0) {
      return false;
    }
    incoming.read(reader, first);
    long second = entries(reader);
    if (second < 0) {
      return false;
    }
    unicast.copy(incoming);
    multicast.read(reader, second);
    return true;
  }

  /** The number of addresses that follow, or -1 if they do not. */
  private static long entries(ChainReader reader) {
    if (reader.remaining() < Integer.BYTES) {
      return -1;
    }
    long count = reader.readU32();
    return count * ADDRESS_BYTES <= reader.remaining() ? count : -1;
  }

  /**
   * Whether a frame is let through.
   *
   * @param destination its address, the first byte highest, 48 bits
   */
  boolean accepts(long destination) {
    if (promiscuous || destination == mac || destination == BROADCAST) {
      return true;
    }
    return (destination & GROUP) != 0
        ? allMulticast || multicast.has(destination)
        : unicast.has(destination);
  }
}
