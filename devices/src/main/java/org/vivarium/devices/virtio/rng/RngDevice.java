package org.vivarium.devices.virtio.rng;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.transport.ActivationContext;
import org.vivarium.devices.virtio.transport.DeviceConfigSpace;
import org.vivarium.devices.virtio.transport.DeviceQueue;
import org.vivarium.devices.virtio.transport.IoLoop;
import org.vivarium.devices.virtio.transport.VirtioDevice;
import org.vivarium.devices.virtio.transport.VirtioDeviceType;

/**
 * virtio-rng: one queue of device-writable buffers, no features, no configuration (VIRTIO 1.2,
 * 5.4).
 */
public final class RngDevice implements VirtioDevice {
  private static final int QUEUE_SIZE = 256;

  private final IoLoop loop;
  private final RandomSource source;
  private final DeviceConfigSpace configSpace = new DeviceConfigSpace(new byte[0]);
  private @Nullable RngHandler handler;

  /**
   * @param loop the thread that serves the queue
   * @param source where the bytes come from; the caller closes it after the device's last reset
   */
  public RngDevice(IoLoop loop, RandomSource source) {
    this.loop = loop;
    this.source = source;
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.ENTROPY;
  }

  @Override
  public long features() {
    return 0;
  }

  @Override
  public int queueCount() {
    return 1;
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
  public void activate(ActivationContext context) {
    DeviceQueue queue = context.queue(0);
    if (queue != null) {
      handler = new RngHandler(queue, source, context.failure());
      handler.start(loop);
    }
  }

  @Override
  public void reset(Runnable drained) {
    RngHandler old = handler;
    handler = null;
    loop.execute(
        () -> {
          if (old != null) {
            old.stop();
          }
          drained.run();
        });
  }
}
