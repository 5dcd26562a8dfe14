package org.vivarium.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.devices.virtio.transport.VirtioRegisters;

/**
 * Any page lists, reports, statistics and configuration writes, with the host asking in between:
 * nothing is thrown, the device comes to rest, and RAM holds what it held or zeroes.
 *
 * <p>Input: features (8 bits), then records that start with what to do (8 bits).
 */
class BalloonFuzzTest {
  private static final long LISTS = 0x10_0000;
  private static final long PAGES = 0x20_0000;
  private static final int BYTES = 0x10_0000;
  private static final int FILL = 0x5A;

  @FuzzTest
  void anyListsEndAndStayInside(byte[] input) {
    if (input.length == 0) {
      return;
    }
    ManualLoop loop = new ManualLoop();
    BalloonDevice device = new BalloonDevice("fuzz", loop);
    try (GuestRam ram = new GuestRam();
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device)) {
      ram.fill(PAGES, BYTES, FILL);
      driver.start(device.features() & input[0]);
      ByteBuffer in = ByteBuffer.wrap(input, 1, input.length - 1).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 100 && in.hasRemaining(); i++) {
        step(driver, device, in);
        loop.run();
        for (int q = 0; q < device.queueCount(); q++) {
          for (Used used : driver.queue(q).allUsed()) {
            assertEquals(0, used.length());
          }
        }
      }
      for (long gpa = PAGES; gpa < PAGES + BYTES; gpa += 1024) {
        int found = ram.memory().readU8(gpa);
        assertTrue(found == FILL || found == 0);
      }
      assertTrue(device.actual() >= 0 && device.discarded() >= 0);
      driver.reset();
    }
  }

  private static void step(DriverSideDevice driver, BalloonDevice device, ByteBuffer in) {
    try {
      switch (in.get() & 7) {
        case 0, 1 -> {
          long at = LISTS + (in.get() & 0xFF);
          int length = 1 + (in.get() & 0x3F);
          for (int i = 0; i < length; i++) {
            driver.ram().memory().writeU8(at + i, in.get());
          }
          add(driver, in.get() & 3, new Buffer(at, length, false));
        }
        case 2 -> add(driver, 0, new Buffer(in.getInt() & 0x7F_FFFF, pages(in), false));
        case 3 -> add(driver, in.get() & 3, new Buffer(PAGES + pages(in), pages(in), true));
        case 4 ->
            driver
                .registers()
                .write(
                    VirtioRegisters.DEVICE + (in.get() & 0x1F), 1 << (in.get() & 3), in.getInt());
        case 5 -> device.requestStatistics();
        case 6 -> device.setTarget(Integer.toUnsignedLong(in.getInt()));
        default -> driver.awaitReset();
      }
    } catch (BufferUnderflowException e) {
      in.position(in.limit());
    }
  }

  private static int pages(ByteBuffer in) {
    return 1 + (in.getInt() & (BYTES / 2 - 1));
  }

  private static void add(DriverSideDevice driver, int index, Buffer... chain) {
    DriverSideQueue queue = driver.queue(index);
    if (queue.hasFree(chain.length)) {
      queue.add(chain);
      driver.notifyOnly(index);
    }
  }
}
