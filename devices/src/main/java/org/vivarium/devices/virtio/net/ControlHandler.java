package org.vivarium.devices.virtio.net;

import java.util.function.IntConsumer;
import org.vivarium.devices.virtio.queue.ChainReader;
import org.vivarium.devices.virtio.queue.ChainWriter;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;

/**
 * Serves the control queue (VIRTIO 1.2, 5.1.6.5). On the I/O loop.
 *
 * <p>A command that is unknown, too short, out of range or not negotiated is answered with
 * VIRTIO_NET_ERR and changes nothing.
 */
final class ControlHandler implements QueuePump.Handler {
  static final int CTRL_RX = 0;
  static final int RX_PROMISC = 0;
  static final int RX_ALLMULTI = 1;
  static final int CTRL_MAC = 1;
  static final int MAC_TABLE_SET = 0;
  static final int CTRL_MQ = 4;
  static final int MQ_VQ_PAIRS_SET = 0;
  static final int OK = 0;
  static final int ERR = 1;

  private static final int HEADER_BYTES = 2;

  private final ReceiveFilter filter;
  private final long negotiated;
  private final int mostPairs;
  private final IntConsumer pairs;
  private final RateLimitedLog log;
  private final DescriptorChain chain;

  /**
   * @param mostPairs pairs of queues that the device has
   * @param pairs told how many of them the driver uses from now on, 1 to {@code mostPairs}
   * @param chain of the control queue
   */
  ControlHandler(
      ReceiveFilter filter,
      long negotiated,
      int mostPairs,
      IntConsumer pairs,
      RateLimitedLog log,
      DescriptorChain chain) {
    this.filter = filter;
    this.negotiated = negotiated;
    this.mostPairs = mostPairs;
    this.pairs = pairs;
    this.log = log;
    this.chain = chain;
  }

  @Override
  public DescriptorChain nextChain() {
    return chain;
  }

  @Override
  public long handle(DescriptorChain request) {
    ChainWriter answer = request.writer();
    if (answer.remaining() < 1) {
      log.report("Ignored a control command that leaves no room for an answer");
      return 0;
    }
    ChainReader reader = request.reader();
    boolean done = reader.remaining() >= HEADER_BYTES && obey(reader);
    if (!done) {
      log.report("Refused a control command that is unknown or malformed");
    }
    answer.writeU8(done ? OK : ERR);
    return 1;
  }

  private boolean obey(ChainReader reader) {
    int kind = reader.readU8();
    int command = reader.readU8();
    return switch (kind) {
      case CTRL_RX -> has(NetLayout.VIRTIO_NET_F_CTRL_RX) && setMode(command, reader);
      case CTRL_MAC ->
          has(NetLayout.VIRTIO_NET_F_CTRL_RX)
              && command == MAC_TABLE_SET
              && filter.setTables(reader);
      case CTRL_MQ ->
          has(NetLayout.VIRTIO_NET_F_MQ) && command == MQ_VQ_PAIRS_SET && setPairs(reader);
      default -> false;
    };
  }

  private boolean has(long feature) {
    return (negotiated & feature) != 0;
  }

  private boolean setMode(int command, ChainReader reader) {
    if (reader.remaining() < 1) {
      return false;
    }
    boolean on = reader.readU8() != 0;
    switch (command) {
      case RX_PROMISC -> filter.setPromiscuous(on);
      case RX_ALLMULTI -> filter.setAllMulticast(on);
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean setPairs(ChainReader reader) {
    if (reader.remaining() < Short.BYTES) {
      return false;
    }
    int count = reader.readU16();
    if (count < 1 || count > mostPairs) {
      return false;
    }
    pairs.accept(count);
    return true;
  }
}
