package org.vivarium.devices.virtio.net;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceQueue;

/**
 * What is at the other end of a network card's cable: passt, a TAP device, another card, nothing.
 *
 * <p>{@link #send}, {@link #flush} and {@link #receive} are called on the I/O loop and do not
 * block; the buffers are used again after the call.
 */
public interface NetBackend {
  /** A pair of queues that its driver has enabled. */
  record QueuePair(DeviceQueue receive, DeviceQueue transmit, ActivationContext context) {}

  /** How a back end tells the card to go on. */
  interface Events {
    /** There is room again after {@link NetBackend#send} had refused a frame. Any thread. */
    void sendReady();

    /**
     * A frame may have come: it is taken before this returns. On the I/O loop, and not while the
     * card calls the back end.
     */
    void receiveReady();

    /** {@link NetBackend#carrier} may answer differently now. Any thread. */
    void carrierChanged();
  }

  /**
   * The offloads that the back end can deal with: {@link NetHeader} fields of frames that it takes
   * (VIRTIO_NET_F_CSUM, HOST_TSO4, HOST_TSO6) and gives (GUEST_CSUM, GUEST_TSO4, GUEST_TSO6); 0 for
   * plain frames only.
   */
  long offloads();

  /**
   * A driver is there. On the I/O loop.
   *
   * @param negotiated the offloads that it agreed to, from {@link #offloads()}
   */
  void start(Events events, long negotiated);

  /** The driver is gone; the events of {@link #start} are not called any more. */
  void stop();

  /**
   * Sends a frame.
   *
   * @param header checksum and segmentation to be done; checked against the frame
   * @param frame position to limit: an Ethernet header and what follows, direct
   * @return false if there is no room now: the frame is offered again after {@link
   *     Events#sendReady}
   */
  boolean send(NetHeader header, ByteBuffer frame);

  /** Passes on the frames that {@link #send} took and kept. */
  default void flush() {}

  /** Largest packet without the Ethernet header that goes through, 68 to 65535 bytes. */
  default int mtu() {
    return 1500;
  }

  /** Whether there is anything at the cable's other end. Any thread. */
  default boolean carrier() {
    return true;
  }

  /**
   * Has the kernel move frames between the network and a pair of queues, after {@link #start} and
   * instead of {@link #send} and {@link #receive}, whole and unseen.
   *
   * @param queues which nobody else touches meanwhile
   * @return ends it, on the I/O loop; null if the kernel cannot
   */
  default @Nullable Runnable serveByKernel(QueuePair queues) {
    return null;
  }

  /** What has passed so far, where frames may pass unseen; null: the card counts them. */
  default TrafficCounters.@Nullable Snapshot counters() {
    return null;
  }

  /**
   * The guest's IPv4 address, where frames may pass unseen, as far as the host knows it.
   *
   * @param mac the card's
   */
  default Optional<String> guestAddress(long mac) {
    return Optional.empty();
  }

  /**
   * Takes the next frame from the network.
   *
   * @param header to be filled for a frame with offloads; cleared before
   * @param frame to be filled from position 0, with {@link NetHeader#MAX_FRAME} bytes of room,
   *     direct
   * @return bytes of the frame, 0 if there is none
   */
  int receive(NetHeader header, ByteBuffer frame);
}
