package org.vivarium.devices.virtio.transport;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.ChainFault;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.queue.SplitVirtqueue;
import org.vivarium.devices.virtio.queue.SplitVirtqueue.Pop;

/**
 * Serves a queue on the I/O loop: pops what is available, hands it to the device, returns it,
 * notifies.
 *
 * <p>One turn serves at most as many chains as the queue has, then lets other devices on the loop
 * have theirs: a driver that adds as fast as the device serves holds up nobody. Between two turns
 * the driver notifies of the next chain, or of several at once where a handler gathers. Allocates
 * nothing.
 *
 * <p>Everything runs on the loop's thread but {@link #start} and {@link #complete}, which workers
 * call when a request that was in flight has ended; the pump's lock, held around handler calls,
 * guards the ring between the two.
 */
public final class QueuePump {
  /** Answer of a handler: the chain is in flight, the device will return it itself. */
  public static final long IN_FLIGHT = -1;

  /** Answer of a handler: cannot go on now; the chain stays available until {@link #run}. */
  public static final long LATER = -2;

  /** What a device does with its queue's chains. */
  public interface Handler {
    /** The chain to fill with the next request, or null to stop until {@link QueuePump#run}. */
    @Nullable DescriptorChain nextChain();

    /**
     * Serves a request.
     *
     * @return bytes written to the chain, which is returned with them; or {@link #IN_FLIGHT} or
     *     {@link #LATER}
     */
    long handle(DescriptorChain chain);

    /** No more requests for now: passes on what was gathered from several. */
    default void turnEnded() {}

    /**
     * Whether requests may wait a little to be served together, where the driver has many ({@link
     * Gathering}). Asked once, on the loop.
     */
    default boolean gathers() {
      return false;
    }
  }

  private enum Turn {
    SERVED,
    EMPTY,
    PAUSED
  }

  private final DeviceQueue queue;
  private final SplitVirtqueue ring;
  private final Handler handler;
  private final ActivationContext.Failure failure;
  private IoLoop.@Nullable Watch watch;
  private IoLoop.@Nullable Alarm alarm;
  private @Nullable Gathering gathering;
  private boolean stopped;

  /** Makes a pump that does nothing until it is started. */
  public QueuePump(DeviceQueue queue, Handler handler, ActivationContext.Failure failure) {
    this.queue = queue;
    this.ring = queue.ring();
    this.handler = handler;
    this.failure = failure;
  }

  /** The queue that is served. */
  public DeviceQueue queue() {
    return queue;
  }

  /**
   * Begins to listen for the driver's notifications, and looks for chains that are there already.
   */
  public void start(IoLoop loop) {
    loop.execute(() -> begin(loop));
  }

  private synchronized void begin(IoLoop loop) {
    if (!stopped) {
      watch = loop.watch(queue.kick(), this::run);
      if (ring.hasEventIndex() && handler.gathers()) {
        gathering = new Gathering(ring.config().size());
        alarm = loop.alarm(() -> run(true));
      }
      run();
    }
  }

  /** Stops listening; nothing is popped any more. */
  public synchronized void stop() {
    stopped = true;
    if (watch != null) {
      watch.cancel();
      watch = null;
    }
    if (alarm != null) {
      alarm.cancel();
      alarm = null;
    }
  }

  /** Serves what is available. */
  public void run() {
    run(false);
  }

  /**
   * @param late whether the time has passed for which the driver was to gather chains
   */
  private synchronized void run(boolean late) {
    // One more than the ring holds, so that a full ring and its empty end fit into one turn.
    int budget = ring.config().size() + 1;
    boolean waited = late;
    boolean more = !stopped;
    while (more && budget > 0) {
      ring.disableNotifications();
      int first = ring.next();
      Turn turn = serve();
      for (budget--; turn == Turn.SERVED && !stopped && budget > 0; budget--) {
        turn = serve();
      }
      handler.turnEnded();
      queue.notifyUsed();
      more = turn == Turn.SERVED;
      if (turn == Turn.EMPTY && !stopped) {
        more = awaitMore((ring.next() - first) & 0xFFFF, waited);
        waited = false;
      }
      more = more && !stopped;
    }
    if (more) {
      queue.kick().signal();
    }
  }

  /**
   * Has the driver notify of the next chains.
   *
   * @param taken chains since that was done last
   * @return whether as many came meanwhile
   */
  private boolean awaitMore(int taken, boolean late) {
    Gathering learned = gathering;
    IoLoop.Alarm bound = alarm;
    if (learned == null || bound == null) {
      return ring.enableNotifications();
    }
    int awaited = learned.turnEnded(taken, late, ring.inFlight() > 0, System.nanoTime());
    if (ring.enableNotifications(awaited - 1)) {
      return true;
    }
    // Fewer may be there already, or come and no more: they are served when the time has passed.
    if (awaited > 1) {
      bound.set(learned.waitNanos());
    } else {
      bound.clear();
    }
    return false;
  }

  /**
   * Returns a chain that was in flight and notifies the driver. Any thread; also after {@link
   * #stop}.
   *
   * @param written bytes written to the chain
   */
  public synchronized void complete(DescriptorChain chain, long written) {
    giveBack(chain, written);
    queue.notifyUsed();
  }

  /**
   * As {@link #complete}, but the driver is notified by {@link #notifyUsed}, of several at once.
   */
  public synchronized void giveBack(DescriptorChain chain, long written) {
    ring.addUsed(chain.head(), written);
  }

  /** Notifies the driver of what was given back, if it wants that. Any thread. */
  public synchronized void notifyUsed() {
    queue.notifyUsed();
  }

  private Turn serve() {
    DescriptorChain chain = handler.nextChain();
    if (chain == null) {
      return Turn.PAUSED;
    }
    Pop pop = ring.pop(chain);
    if (pop == Pop.EMPTY) {
      return Turn.EMPTY;
    }
    if (pop == Pop.FAULT) {
      fail();
      return Turn.PAUSED;
    }
    long written = handler.handle(chain);
    if (written == LATER) {
      ring.undoPop(chain);
      return Turn.PAUSED;
    }
    if (written != IN_FLIGHT) {
      ring.addUsed(chain.head(), written);
    }
    return Turn.SERVED;
  }

  private void fail() {
    ChainFault fault = ring.fault();
    stop();
    failure.needsReset(
        "Queue " + queue.index() + ": " + (fault == null ? "stopped" : fault.message()));
  }
}
