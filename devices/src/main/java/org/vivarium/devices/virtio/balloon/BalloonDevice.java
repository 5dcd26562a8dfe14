package org.vivarium.devices.virtio.balloon;

import static org.vivarium.devices.virtio.balloon.BalloonLayout.VIRTIO_BALLOON_F_DEFLATE_ON_OOM;
import static org.vivarium.devices.virtio.balloon.BalloonLayout.VIRTIO_BALLOON_F_PAGE_POISON;
import static org.vivarium.devices.virtio.balloon.BalloonLayout.VIRTIO_BALLOON_F_PAGE_REPORTING;
import static org.vivarium.devices.virtio.balloon.BalloonLayout.VIRTIO_BALLOON_F_STATS_VQ;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.QueuePump;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;

/**
 * virtio-balloon with statistics, free page reporting and deflation before the guest runs out of
 * memory (VIRTIO 1.2, 5.5).
 *
 * <p>Queues are numbered without gaps, as Linux and QEMU have it: what was not negotiated takes no
 * number.
 */
public final class BalloonDevice implements VirtioDevice {
  private static final int INFLATE = 0;
  private static final int DEFLATE = 1;
  private static final int FIRST_OPTIONAL = 2;
  private static final int QUEUES = 4;
  private static final int QUEUE_SIZE = 128;

  private final IoLoop loop;
  private final RateLimitedLog log;
  private final DeviceConfigSpace configSpace;
  private final ByteBuffer config =
      ByteBuffer.allocate(BalloonLayout.CONFIG_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final List<QueuePump> pumps = new ArrayList<>();
  private volatile @Nullable BalloonStatistics statistics;
  private volatile @Nullable ActivationContext active;
  private @Nullable PageDiscarder discarder;
  private long discardedBefore;
  private @Nullable StatisticsHandler statisticsHandler;

  /**
   * @param name for the log: {@code "balloon"}
   * @param loop the thread that serves the queues
   */
  public BalloonDevice(String name, IoLoop loop) {
    this.loop = loop;
    this.log = new RateLimitedLog(name);
    this.configSpace = new DeviceConfigSpace(config.array(), this::written);
  }

  /**
   * Asks the guest to give so much of its memory to the host. It does as far as it can; {@link
   * #actual} tells how far it is. Any thread.
   *
   * @param bytes from 0 to 2^44 - 1; rounded down to pages of 4 KiB
   */
  public void setTarget(long bytes) {
    long pages = bytes / BalloonLayout.PAGE;
    if (bytes < 0 || pages > 0xFFFF_FFFFL) {
      throw new IllegalArgumentException("A balloon cannot have " + bytes + " bytes");
    }
    synchronized (config) {
      config.putInt(BalloonLayout.NUM_PAGES, (int) pages);
      configSpace.update(config.array());
    }
    ActivationContext context = active;
    if (context != null) {
      context.interrupts().config();
    }
  }

  /** Size that the host asked for, bytes. Any thread. */
  public long target() {
    return pages(BalloonLayout.NUM_PAGES);
  }

  /** Size that the guest says the balloon has, bytes. Any thread. */
  public long actual() {
    return pages(BalloonLayout.ACTUAL);
  }

  private long pages(int field) {
    synchronized (config) {
      return Integer.toUnsignedLong(config.getInt(field)) * BalloonLayout.PAGE;
    }
  }

  /** Bytes given back to the host so far, by balloon and by free page reporting. Any thread. */
  public synchronized long discarded() {
    return discardedBefore + (discarder == null ? 0 : discarder.discarded());
  }

  /** Asks the guest for new statistics: they arrive a little later. Any thread. */
  public void requestStatistics() {
    loop.execute(
        () -> {
          StatisticsHandler handler = currentStatisticsHandler();
          if (handler != null) {
            handler.request();
          }
        });
  }

  private synchronized @Nullable StatisticsHandler currentStatisticsHandler() {
    return statisticsHandler;
  }

  /** The statistics that came last, if the guest's driver is there and tells. Any thread. */
  public Optional<BalloonStatistics> statistics() {
    return Optional.ofNullable(statistics);
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.BALLOON;
  }

  @Override
  public long features() {
    return VIRTIO_BALLOON_F_STATS_VQ
        | VIRTIO_BALLOON_F_DEFLATE_ON_OOM
        | VIRTIO_BALLOON_F_PAGE_POISON
        | VIRTIO_BALLOON_F_PAGE_REPORTING;
  }

  @Override
  public int queueCount() {
    return QUEUES;
  }

  @Override
  public int queueMaxSize(int index) {
    return QUEUE_SIZE;
  }

  @Override
  public DeviceConfigSpace configSpace() {
    return configSpace;
  }

  @Override
  public synchronized void activate(ActivationContext context) {
    PageDiscarder pages = new PageDiscarder(context.memory(), log);
    discarder = pages;
    DeviceQueue inflate = context.queue(INFLATE);
    if (inflate != null) {
      add(inflate, new PageListHandler(inflate, pages, log), context);
    }
    DeviceQueue deflate = context.queue(DEFLATE);
    if (deflate != null) {
      add(deflate, new AcknowledgeHandler(deflate), context);
    }
    int next = FIRST_OPTIONAL;
    if (context.has(VIRTIO_BALLOON_F_STATS_VQ)) {
      DeviceQueue queue = context.queue(next++);
      if (queue != null) {
        StatisticsHandler handler =
            new StatisticsHandler(queue, latest -> statistics = latest, context.failure());
        statisticsHandler = handler;
        pumps.add(handler.pump());
      }
    }
    if (context.has(VIRTIO_BALLOON_F_PAGE_REPORTING)) {
      DeviceQueue queue = context.queue(next);
      boolean poisons = context.has(VIRTIO_BALLOON_F_PAGE_POISON);
      if (queue != null) {
        add(
            queue,
            new ReportingHandler(
                queue, pages, () -> !poisons || pages(BalloonLayout.POISON_VAL) == 0),
            context);
      }
    }
    active = context;
    pumps.forEach(pump -> pump.start(loop));
  }

  private void add(DeviceQueue queue, QueuePump.Handler handler, ActivationContext context) {
    pumps.add(new QueuePump(queue, handler, context.failure()));
  }

  @Override
  public void reset(Runnable drained) {
    List<QueuePump> old;
    synchronized (this) {
      old = List.copyOf(pumps);
      pumps.clear();
      active = null;
      statisticsHandler = null;
    }
    loop.execute(
        () -> {
          old.forEach(QueuePump::stop);
          forget();
          drained.run();
        });
  }

  /** A balloon is empty after a reset; what the host wants stays. */
  private void forget() {
    synchronized (this) {
      discardedBefore = discarded();
      discarder = null;
      statistics = null;
    }
    synchronized (config) {
      config.putInt(BalloonLayout.ACTUAL, 0).putInt(BalloonLayout.POISON_VAL, 0);
      configSpace.update(config.array());
    }
  }

  /** The driver's write: only actual and poison_val are its own (VIRTIO 1.2, 5.5.4). */
  private void written(int offset, int size, long value) {
    synchronized (config) {
      for (int i = 0; i < size; i++) {
        int field = (offset + i) & -Integer.BYTES;
        if (field == BalloonLayout.ACTUAL || field == BalloonLayout.POISON_VAL) {
          config.put(offset + i, (byte) (value >>> (8 * i)));
        }
      }
      configSpace.update(config.array());
    }
  }
}
