package org.vivarium.devices.virtio.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.vivarium.devices.legacy.OutputRing;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;

/**
 * Any control messages, buffers of any direction on any queue, input, resizes and resets: nothing
 * is thrown, the device comes to rest, and only used rings and device-writable memory change.
 *
 * <p>Input: records that start with what to do (8 bits).
 */
class ConsoleFuzzTest {
  private static final long READABLE = 0x10_0000;
  private static final long WRITABLE = 0x20_0000;
  private static final int BYTES = 0x1_0000;

  @FuzzTest
  void anyDialogueEndsAndStaysInside(byte[] input) {
    ManualLoop loop = new ManualLoop();
    OutputRing output = new OutputRing(4096, () -> {});
    ConsoleConfig config =
        new ConsoleConfig(
            List.of(
                new ConsoleConfig.Port("", true, 4096),
                new ConsoleConfig.Port("agent", false, 4096)),
            80,
            24,
            true);
    ConsoleDevice device =
        new ConsoleDevice(config, loop, List.of(output::offer, (bytes, offset, length) -> length));
    try (GuestRam ram = new GuestRam();
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device).start()) {
      ram.fill(READABLE, BYTES, 0x3C);
      ByteBuffer in = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 200 && in.hasRemaining(); i++) {
        step(driver, device, output, in);
        loop.run();
        for (int q = 0; q < device.queueCount(); q++) {
          for (Used used : driver.queue(q).allUsed()) {
            assertTrue(used.length() <= BYTES);
          }
        }
      }
      for (long gpa = READABLE; gpa < READABLE + BYTES; gpa += 4096) {
        assertEquals(0x3C, ram.memory().readU8(gpa));
      }
      assertEquals(0, ram.memory().readU8(WRITABLE - 1));
      assertEquals(0, ram.memory().readU8(WRITABLE + BYTES));
      driver.reset();
    }
  }

  private static void step(
      DriverSideDevice driver, ConsoleDevice device, OutputRing output, ByteBuffer in) {
    try {
      switch (in.get() & 7) {
        case 0 -> say(driver, in);
        case 1 -> add(driver, in, true);
        case 2 -> add(driver, in, false);
        case 3 -> {
          ConsolePort port = device.ports().get(in.get() & 1);
          byte[] bytes = new byte[in.getShort() & 0xFFFF];
          port.input(bytes, 0, bytes.length);
        }
        case 4 ->
            device.resize(Math.max(1, in.getShort() & 0xFFFF), Math.max(1, in.getShort() & 0xFFFF));
        case 5 -> {
          output.drain(new byte[4096], 0, 4096);
          device.ports().getFirst().outputReady();
        }
        case 6 -> {
          driver.reset();
          driver.start();
        }
        default -> driver.queue(in.get() & 3).setAvailableIndex(in.getShort());
      }
    } catch (BufferUnderflowException e) {
      in.position(in.limit());
    }
  }

  private static void say(DriverSideDevice driver, ByteBuffer in) {
    byte[] message = new byte[8];
    in.get(message);
    if (driver.needsReset()) {
      return;
    }
    if (driver.queue(3).hasFree(1)) {
      driver.queue(3).add(driver.queue(3).readable(message));
      driver.notifyOnly(3);
    }
  }

  private static void add(DriverSideDevice driver, ByteBuffer in, boolean writable) {
    int index = (in.get() & 0xFF) % 6;
    int length = 1 + (in.getShort() & 0xFFFF) % BYTES;
    DriverSideQueue queue = driver.queue(index);
    if (queue.hasFree(1)) {
      queue.add(
          writable
              ? DriverSideQueue.writable(WRITABLE, length)
              : DriverSideQueue.readable(READABLE, length));
      driver.notifyOnly(index);
    }
  }
}
