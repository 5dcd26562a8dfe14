package org.vivarium.devices.virtio.transport;

import org.jspecify.annotations.Nullable;
import org.vivarium.devices.virtio.queue.DescriptorChain;
import org.vivarium.devices.virtio.testing.ManualLoop;

/** A device that returns each chain with as many bytes as it may write, writing none. */
final class FakeVirtioDevice implements VirtioDevice {
  static final long FEATURE_A = 1;
  static final long FEATURE_B = 2;

  private final ManualLoop loop;
  final DeviceConfigSpace config;
  @Nullable ActivationContext context;
  @Nullable QueuePump pump;
  @Nullable Runnable drained;
  boolean failActivation;
  boolean holdReset;
  int activations;
  long lastConfigWrite = -1;

  FakeVirtioDevice(ManualLoop loop) {
    this.loop = loop;
    this.config =
        new DeviceConfigSpace(
            new byte[] {1, 2, 3, 4, 5, 6, 7, 8},
            (offset, size, value) -> lastConfigWrite = ((long) offset << 32) | value);
  }

  @Override
  public VirtioDeviceType type() {
    return VirtioDeviceType.ENTROPY;
  }

  @Override
  public long features() {
    return FEATURE_A | FEATURE_B;
  }

  @Override
  public boolean acceptsFeatures(long negotiated) {
    return (negotiated & FEATURE_B) == 0 || (negotiated & FEATURE_A) != 0;
  }

  @Override
  public int queueCount() {
    return 2;
  }

  @Override
  public int queueMaxSize(int index) {
    return 64;
  }

  @Override
  public DeviceConfigSpace configSpace() {
    return config;
  }

  @Override
  public void activate(ActivationContext activation) throws VirtioActivationException {
    if (failActivation) {
      throw new VirtioActivationException("The host is out of order.", new RuntimeException());
    }
    activations++;
    context = activation;
    DeviceQueue queue = activation.queue(0);
    if (queue != null) {
      DescriptorChain chain = queue.ring().newChain();
      pump =
          new QueuePump(
              queue,
              new QueuePump.Handler() {
                @Override
                public DescriptorChain nextChain() {
                  return chain;
                }

                @Override
                public long handle(DescriptorChain request) {
                  return request.writableBytes();
                }
              },
              activation.failure());
      pump.start(loop);
    }
  }

  @Override
  public void reset(Runnable whenDrained) {
    loop.execute(
        () -> {
          if (pump != null) {
            pump.stop();
          }
          if (holdReset) {
            drained = whenDrained;
          } else {
            whenDrained.run();
          }
        });
  }
}
