package org.vivarium.devices.virtio.blk;

import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_BLK_SIZE;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_DISCARD;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_FLUSH;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_MQ;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_RO;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_SEG_MAX;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_TOPOLOGY;
import static org.vivarium.devices.virtio.blk.BlkLayout.VIRTIO_BLK_F_WRITE_ZEROES;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.traffic.TrafficLimiter;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.RateLimitedLog;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;
import org.vivarium.images.disk.DiskImage;
import org.vivarium.kvm.KvmException;

/**
 * virtio-blk: a disk image as a guest's disk (VIRTIO 1.2, 5.2).
 *
 * <p>Capacity is whole sectors: what a raw file has past the last one is not visible. Close it
 * after its last reset has drained, and before the image, which stays the caller's.
 */
public final class BlkDevice implements VirtioDevice, AutoCloseable {
  private final BlkConfig config;
  private final DiskImage image;
  private final IoLoop loop;
  private final boolean readOnly;
  private final RateLimitedLog log;
  private final DeviceConfigSpace configSpace;
  private BlkEngines engines;
  private final byte[] id;
  private final BlkTraffic traffic;
  private volatile List<BlkHandler> handlers = List.of();
  private volatile @Nullable ActivationContext active;
  private volatile @Nullable BlkDisk disk;
  private @Nullable Runnable full;

  /**
   * @param name for threads and the log: {@code "disk0"}
   * @param loop the thread that takes and parses requests
   * @param crashHandler told when a bug ends a worker
   */
  public BlkDevice(
      String name,
      BlkConfig config,
      DiskImage image,
      IoLoop loop,
      Thread.UncaughtExceptionHandler crashHandler) {
    this.config = config;
    this.image = image;
    this.loop = loop;
    this.readOnly = config.readOnly() || image.isReadOnly();
    this.log = new RateLimitedLog(name);
    this.configSpace = new DeviceConfigSpace(configuration());
    this.engines =
        new BlkEngines(
            new BlkWorkers(
                name, config.workers(), config.queues() * config.queueSize(), crashHandler),
            null);
    this.traffic =
        new BlkTraffic(
            new TrafficLimiter(loop, () -> handlers.forEach(BlkHandler::wake)),
            new TrafficCounters());
    this.id =
        Arrays.copyOf(config.serial().getBytes(StandardCharsets.US_ASCII), BlkConfig.ID_BYTES);
  }

  /**
   * Has reads and writes executed with io_uring where it can; workers do the rest. Before the
   * device is plugged in.
   *
   * @param files of the image; open until this device is closed
   */
  public void accelerate(BlkFiles files) {
    BlkRing ring = new BlkRing(image, files, loop, () -> handlers.forEach(BlkHandler::notifyUsed));
    engines = new BlkEngines(engines.workers(), ring);
  }

  /**
   * Has writes wait that find no room on the host, instead of failing. Before the device is plugged
   * in.
   *
   * @param tell told each time when some begin to wait; any thread, does not block
   */
  public void holdWhenFull(Runnable tell) {
    full = tell;
  }

  /** Has writes tried again that found no room on the host. Any thread. */
  public void retry() {
    BlkDisk present = disk;
    if (present != null) {
      present.retry();
    }
  }

  /**
   * Limits what the disk moves, in both directions together. Any thread, at any time.
   *
   * @throws KvmException if the host has no timer left; the limit is as before
   */
  public void setLimit(TrafficLimit limit) throws KvmException {
    traffic.limiter().setLimit(limit);
  }

  /** What the disk has done since it was made. Any thread. */
  public TrafficCounters.Snapshot counters() {
    return traffic.counters().snapshot();
  }

  /** Tells the driver that the image's size has changed. Any thread. */
  public void capacityChanged() {
    configSpace.update(configuration());
    ActivationContext context = active;
    if (context != null) {
      context.interrupts().config();
    }
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.BLOCK;
  }

  @Override
  public long features() {
    long always =
        VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_BLK_SIZE | VIRTIO_BLK_F_TOPOLOGY | VIRTIO_BLK_F_FLUSH;
    long changes = readOnly ? VIRTIO_BLK_F_RO : VIRTIO_BLK_F_DISCARD | VIRTIO_BLK_F_WRITE_ZEROES;
    return always | changes | (config.queues() > 1 ? VIRTIO_BLK_F_MQ : 0);
  }

  @Override
  public int queueCount() {
    return config.queues();
  }

  @Override
  public int queueMaxSize(int index) {
    return config.queueSize();
  }

  @Override
  public DeviceConfigSpace configSpace() {
    return configSpace;
  }

  @Override
  public void activate(ActivationContext context) {
    Runnable tell = full;
    BlkDisk present =
        new BlkDisk(
            image, readOnly, context.features(), log, tell == null ? null : new FullHost(tell));
    disk = present;
    List<BlkHandler> started = new ArrayList<>();
    for (DeviceQueue queue : context.queues()) {
      if (queue != null) {
        started.add(new BlkHandler(queue, context, present, engines, id, traffic));
      }
    }
    handlers = started;
    active = context;
    started.forEach(handler -> handler.start(loop));
  }

  @Override
  public void reset(Runnable drained) {
    List<BlkHandler> old = handlers;
    handlers = List.of();
    active = null;
    BlkDisk last = disk;
    disk = null;
    if (last != null) {
      // What waits for room would never drain.
      last.end();
    }
    AtomicInteger left = new AtomicInteger(old.size() + 1);
    Runnable oneLess =
        () -> {
          if (left.decrementAndGet() == 0) {
            drained.run();
          }
        };
    loop.execute(
        () -> {
          old.forEach(handler -> handler.stop(oneLess));
          oneLess.run();
        });
  }

  @Override
  public void close() {
    traffic.limiter().close();
    engines.close();
  }

  private byte[] configuration() {
    return BlkLayout.configuration(image.size(), image.allocationUnit(), config);
  }
}
