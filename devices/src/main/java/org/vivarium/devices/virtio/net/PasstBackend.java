package org.vivarium.devices.virtio.net;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.kvm.UnixSocket;

/**
 * The user network: passt gives the guest DHCP, DNS and NAT through the host's own sockets, without
 * root.
 *
 * <p>When passt ends, the guest's link goes down, passt is started again, and the link comes up.
 * Frames run on the I/O loop and allocate nothing.
 */
public final class PasstBackend implements NetBackend, AutoCloseable {
  /** Told how passt fares, on the thread that watches it. */
  public interface Listener {
    /**
     * Passt has ended by itself, or could not be started again; this happens again and again while
     * it cannot.
     *
     * @param why a sentence
     */
    void networkDown(String why);

    /** Passt runs again. */
    void networkUp();
  }

  /** Between the stream, on the loop, and the watching thread. */
  private final class Cable implements FrameStream.Owner, PasstSupervisor.Plug {
    @Override
    public void receiveReady() {
      Events to = events;
      if (to != null) {
        to.receiveReady();
      }
    }

    @Override
    public void sendReady() {
      Events to = events;
      if (to != null) {
        to.sendReady();
      }
    }

    @Override
    public void lost(@Nullable String why) {
      // A passt that closed the connection is ending by itself, and the next may run already.
      if (why != null) {
        complaint.set(why);
        supervisor.kill();
      }
    }

    @Override
    public void attach(UnixSocket socket) {
      loop.execute(
          () -> {
            stream.attach(socket);
            announce();
          });
    }

    @Override
    public void detach() {
      loop.execute(stream::detach);
    }

    @Override
    public void carrierChanged() {
      Events to = events;
      if (to != null) {
        to.carrierChanged();
      }
    }

    @Override
    public @Nullable String complaint() {
      return complaint.getAndSet(null);
    }
  }

  /** Where the source's address stands in a frame; its type follows (IEEE 802.3, 3.2). */
  private static final int SOURCE = 6;

  private static final int SHORTEST_FRAME = 60;

  /** The type of a frame that nobody takes for anything: IEEE 802, local experimental. */
  private static final int EXPERIMENTAL = 0x88B5;

  private final IoLoop loop;
  private final FrameStream stream;
  private final PasstSupervisor supervisor;
  private final AtomicReference<@Nullable String> complaint = new AtomicReference<>();
  private volatile @Nullable Events events;
  private volatile boolean checksums;

  /** The guest's address as it last sent from, 0 if it has not sent; on the loop. */
  private long guest;

  private PasstBackend(
      String name, PasstOptions options, PasstStarter starter, IoLoop loop, Listener listener) {
    this.loop = loop;
    Cable cable = new Cable();
    this.stream = new FrameStream(loop, cable);
    this.supervisor = new PasstSupervisor(name, options, starter, cable, listener);
  }

  /**
   * Starts passt and connects to it, which takes some ten milliseconds.
   *
   * @param name of the card, for the thread: {@code "net0"}
   * @param loop the card's
   * @throws IOException a sentence that says why passt does not run, such as a forwarded port that
   *     is taken
   */
  public static PasstBackend start(
      String name, PasstOptions options, IoLoop loop, Listener listener)
      throws IOException, InterruptedException {
    return start(name, options, PasstStarter.CHILD, loop, listener);
  }

  /**
   * As {@link #start(String, PasstOptions, IoLoop, Listener)}, by way of another starter.
   *
   * @param starter starts passt, now and whenever it has to be started again
   */
  public static PasstBackend start(
      String name, PasstOptions options, PasstStarter starter, IoLoop loop, Listener listener)
      throws IOException, InterruptedException {
    PasstProcess first = starter.start(options);
    PasstBackend backend = new PasstBackend(name, options, starter, loop, listener);
    backend.supervisor.start(first);
    return backend;
  }

  /**
   * Replaces the forwarded ports: passt is started anew, and connections through it end. Blocks for
   * that. If the new ports cannot be had, the old ones are forwarded again.
   *
   * @throws IOException a sentence that says why
   */
  public void setForwards(List<PasstForward> forwards) throws IOException, InterruptedException {
    supervisor.setForwards(forwards);
  }

  /** Passt's process identifier; empty while it is down. */
  public OptionalLong pid() {
    return supervisor.pid();
  }

  /** Ends passt. The card is reset by then; the loop still runs. */
  @Override
  public void close() {
    supervisor.close();
  }

  /** Passt computes checksums of what it sends, and nothing between it and the guest errs. */
  @Override
  public long offloads() {
    return NetLayout.VIRTIO_NET_F_GUEST_CSUM;
  }

  @Override
  public boolean carrier() {
    return supervisor.isUp();
  }

  @Override
  public void start(Events newEvents, long negotiated) {
    checksums = (negotiated & NetLayout.VIRTIO_NET_F_GUEST_CSUM) != 0;
    events = newEvents;
  }

  @Override
  public void stop() {
    events = null;
  }

  @Override
  public int mtu() {
    return PasstOptions.MTU;
  }

  @Override
  public boolean send(NetHeader header, ByteBuffer frame) {
    guest = frame.getLong(frame.position() + SOURCE) >>> Short.SIZE;
    return stream.send(frame);
  }

  /**
   * Tells a passt that was started anew the guest's address. It learns it from the guest's frames
   * and sends to everybody until then, but a guest drops TCP that is sent to everybody, and might
   * have nothing to say.
   */
  private void announce() {
    if (guest == 0) {
      return;
    }
    ByteBuffer frame = ByteBuffer.allocate(SHORTEST_FRAME);
    frame.putLong(0, 0xFFFF_FFFF_FFFFL << Short.SIZE);
    frame.putLong(SOURCE, guest << Short.SIZE | EXPERIMENTAL);
    stream.send(frame);
    stream.flush();
  }

  @Override
  public void flush() {
    stream.flush();
  }

  @Override
  public int receive(NetHeader header, ByteBuffer frame) {
    int length = stream.receive(frame);
    if (length > 0 && checksums) {
      header.set(NetHeader.DATA_VALID, NetHeader.GSO_NONE, 0, 0, 0, 0);
    }
    return length;
  }
}
