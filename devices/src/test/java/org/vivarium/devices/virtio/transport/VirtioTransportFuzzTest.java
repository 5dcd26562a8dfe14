package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;

/**
 * Any sequence of register accesses, before, during and after a good initialization: nothing is
 * thrown, the device comes to rest, and a reset makes it work again.
 *
 * <p>Input: records of kind, offset (16 bits), width and value (32 bits).
 */
class VirtioTransportFuzzTest {
  @FuzzTest
  void anyAccessesLeaveADeviceThatAResetRevives(byte[] input) {
    ManualLoop loop = new ManualLoop();
    FakeVirtioDevice device = new FakeVirtioDevice(loop);
    try (GuestRam ram = new GuestRam();
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device)) {
      ByteBuffer in = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
      while (in.hasRemaining()) {
        step(driver, loop, in);
      }
      device.holdReset = false;
      driver.reset();
      driver.start();
      driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));
      driver.kick(0);
      assertEquals(32, driver.queue(0).nextUsed().length());
    }
  }

  private static void step(DriverSideDevice driver, ManualLoop loop, ByteBuffer in) {
    try {
      int kind = in.get() & 7;
      int offset = in.getShort() & (VirtioRegisters.LENGTH - 1);
      int width = 1 << (in.get() & 3);
      long value = in.getInt() & 0xFFFF_FFFFL;
      switch (kind) {
        case 0 -> driver.start();
        case 1 -> driver.registers().read(offset, width);
        case 2 -> loop.run();
        case 3 -> driver.setStatus(0);
        case 4 -> driver.queue(0).setAvailableIndex((int) value);
        case 5 -> driver.setCommon(offset & 63, width, value);
        default -> driver.registers().write(offset, width, value);
      }
    } catch (BufferUnderflowException e) {
      in.position(in.limit());
    }
  }
}
