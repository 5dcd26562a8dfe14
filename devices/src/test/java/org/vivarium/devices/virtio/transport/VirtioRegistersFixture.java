package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import org.junit.jupiter.api.AfterEach;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;

/** A device of two queues and its driver. */
abstract class VirtioRegistersFixture {
  static final int QUEUE_VECTOR = 1;

  final GuestRam ram = new GuestRam();
  final ManualLoop loop = new ManualLoop();
  final FakeVirtioDevice device = new FakeVirtioDevice(loop);
  final DriverSideDevice driver = new DriverSideDevice(ram, loop, device);

  @AfterEach
  void close() {
    driver.close();
    ram.close();
  }

  ActivationContext context() {
    ActivationContext context = device.context;
    assertNotNull(context);
    return context;
  }
}
