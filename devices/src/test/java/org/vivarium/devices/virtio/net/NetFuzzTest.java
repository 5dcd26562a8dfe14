package org.vivarium.devices.virtio.net;

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

/**
 * Any headers, frames, receive buffers and arrivals, with and without merging and offloads: nothing
 * is thrown, the device comes to rest, what is sent has offsets inside its frame, and only used
 * rings and device-writable memory change.
 *
 * <p>Input: features (8 bits), then records that start with what to do (8 bits).
 */
class NetFuzzTest {
  private static final long MAC = 0x0200_0000_0001L;
  private static final long READABLE = 0x10_0000;
  private static final long WRITABLE = 0x20_0000;
  private static final int BYTES = 0x2_0000;

  @FuzzTest
  void anyTrafficEndsAndStaysInside(byte[] input) {
    if (input.length == 0) {
      return;
    }
    ManualLoop loop = new ManualLoop();
    CheckingBackend backend = new CheckingBackend();
    backend.offloads = (input[0] & 1) != 0 ? NetLayout.TO_DEVICE | NetLayout.TO_DRIVER : 0;
    NetDevice device = new NetDevice("fuzz", new NetConfig(MAC, 1500, 16, true), backend, loop);
    try (GuestRam ram = new GuestRam();
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device)) {
      driver.start((input[0] & 2) != 0 ? device.features() : device.features() & backend.offloads);
      ByteBuffer in = ByteBuffer.wrap(input, 1, input.length - 1).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < 100 && in.hasRemaining(); i++) {
        step(driver, backend, in);
        loop.run();
        for (int q = 0; q < 3; q++) {
          for (Used used : driver.queue(q).allUsed()) {
            assertTrue(used.length() <= BYTES);
          }
        }
      }
      assertEquals(0, ram.memory().readU8(WRITABLE - 1));
      assertEquals(0, ram.memory().readU8(WRITABLE + BYTES));
      assertEquals(0, ram.memory().readU8(READABLE + BYTES - 1));
      driver.reset();
    }
  }

  private static void step(DriverSideDevice driver, Arrivals backend, ByteBuffer in) {
    try {
      switch (in.get() & 3) {
        case 0 -> {
          byte[] header = new byte[NetHeader.BYTES];
          in.get(header);
          int length = 1 + (in.getInt() & (BYTES - 2));
          driver.ram().memory().write(READABLE, header, 0, header.length);
          add(
              driver,
              1,
              new Buffer(READABLE, header.length, false),
              new Buffer(READABLE + header.length, Math.min(length, BYTES - 13), false));
        }
        case 1 -> add(driver, 0, new Buffer(WRITABLE, 1 + (in.getShort() & 0xFFFF), true));
        case 2 ->
            backend.arrive(new byte[Math.min(NetHeader.MAX_FRAME, 14 + (in.getShort() & 0xFFFF))]);
        default -> {
          // Of the control queue as well: what lies there begins with bytes of the input.
          int index = (in.get() & 0xFF) % 3;
          Buffer words = new Buffer(READABLE, 1 + (in.get() & 0xFF), false);
          add(driver, index, words, new Buffer(WRITABLE, 1, true));
        }
      }
    } catch (BufferUnderflowException e) {
      in.position(in.limit());
    }
  }

  private static void add(DriverSideDevice driver, int index, Buffer... chain) {
    DriverSideQueue queue = driver.queue(index);
    if (queue.hasFree(chain.length)) {
      queue.add(chain);
      driver.notifyOnly(index);
    }
  }

  /** What a step needs of the back end. */
  private interface Arrivals {
    void arrive(byte[] frame);
  }

  /** Checks what the device promises of a frame. */
  private static final class CheckingBackend implements NetBackend, Arrivals {
    private final FakeBackend cable = new FakeBackend();
    long offloads;

    @Override
    public long offloads() {
      return offloads;
    }

    @Override
    public void start(Events events, long negotiated) {
      cable.start(events, negotiated);
    }

    @Override
    public void stop() {
      cable.stop();
    }

    @Override
    public boolean send(NetHeader header, ByteBuffer frame) {
      int length = frame.remaining();
      assertTrue(length >= NetHeader.MIN_FRAME && length <= NetHeader.MAX_FRAME);
      assertTrue(header.headerLength() <= length);
      assertTrue(
          header.flags() == 0 || header.checksumStart() + header.checksumOffset() + 2 <= length);
      assertTrue(header.gsoType() == NetHeader.GSO_NONE || header.gsoSize() > 0);
      assertTrue(offloads != 0 || header.flags() + header.gsoType() == 0);
      return true;
    }

    @Override
    public int receive(NetHeader header, ByteBuffer frame) {
      return cable.receive(header, frame);
    }

    @Override
    public void arrive(byte[] frame) {
      cable.incoming.add(frame);
      NetBackend.Events events = cable.events;
      if (events != null) {
        events.receiveReady();
      }
    }
  }
}
