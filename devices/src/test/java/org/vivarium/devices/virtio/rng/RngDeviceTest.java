package org.vivarium.devices.virtio.rng;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;

class RngDeviceTest {
  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final CountingSource source = new CountingSource();
  private final DriverSideDevice driver =
      new DriverSideDevice(ram, loop, new RngDevice(loop, source));

  @AfterEach
  void close() {
    driver.close();
    ram.close();
  }

  @Test
  void buffersAreFilledAcrossDescriptors() {
    driver.start();
    int head = driver.queue(0).add(writable(0x10_0000, 3), writable(0x11_0000, 61));

    driver.kick(0);

    assertEquals(new Used(head, 64), driver.queue(0).nextUsed());
    assertEquals(1, ram.memory().readU8(0x10_0000));
    assertEquals(64, ram.memory().readU8(0x11_0000 + 60));
    assertEquals(0, ram.memory().readU8(0x11_0000 + 61));
    assertEquals(1, driver.msix().take(1));
  }

  @Test
  void giantRequestGetsAtMost64KiB() {
    driver.start();
    driver.queue(0).add(writable(0x10_0000, 2 << 20));

    driver.kick(0);

    assertEquals(64 << 10, driver.queue(0).nextUsed().length());
    assertEquals(0, ram.memory().readU8(0x10_0000 + (64 << 10)));
  }

  @Test
  void deviceReadableBuffersStayUntouched() {
    driver.start();
    long before = ram.checksumExcept(0, 0x10_0000, 0x12_0000, 16);
    driver.queue(0).add(readable(0x11_0000, 16), writable(0x12_0000, 16));
    driver.queue(0).add(readable(0x11_0000, 16));

    driver.kick(0);

    assertEquals(16, driver.queue(0).nextUsed().length());
    assertEquals(0, driver.queue(0).nextUsed().length());
    assertEquals(before, ram.checksumExcept(0, 0x10_0000, 0x12_0000, 16));
  }

  @Test
  void hostFailureAsksForAResetAndReturnsWhatIsThere() {
    driver.start();
    source.failAfter = 4096;
    driver.queue(0).add(writable(0x10_0000, 16384));

    driver.kick(0);

    assertTrue(driver.needsReset());
    assertEquals(4096, driver.queue(0).nextUsed().length());
  }

  @Test
  void loopingChainAsksForAReset() {
    driver.start();
    driver.queue(0).descriptor(0, 0x10_0000, 4, 3, 0);
    driver.queue(0).available(0);

    driver.kick(0);

    assertTrue(driver.needsReset());
    assertFalse(driver.queue(0).hasUsed());
  }

  @Test
  void requestAllocatesNothing() {
    driver.start();
    driver.queue(0).add(writable(0x10_0000, 4096));
    driver.kick(0);

    long bytes =
        Allocation.during(
            5_000,
            () -> {
              driver.queue(0).available(0);
              driver.notifyOnly(0);
              loop.turn();
            });

    assertEquals(0, bytes);
    assertEquals(driver.queue(0).availableIndex(), driver.queue(0).usedIndex());
  }

  @Test
  void urandomDeliversDifferentBytesEachTime() throws IOException {
    byte[] first = new byte[64];
    byte[] second = new byte[64];
    try (UrandomSource urandom = new UrandomSource()) {
      urandom.fill(first, 64);
      urandom.fill(second, 64);
    }

    assertNotEquals(Arrays.toString(first), Arrays.toString(second));
  }

  /** Counts up from 1. */
  private static final class CountingSource implements RandomSource {
    private byte next = 1;
    private long delivered;
    private long failAfter = Long.MAX_VALUE;

    @Override
    public void fill(byte[] target, int length) throws IOException {
      if (delivered >= failAfter) {
        throw new IOException("nothing left");
      }
      for (int i = 0; i < length; i++) {
        target[i] = next++;
      }
      delivered += length;
    }

    @Override
    public void close() {
      delivered = 0;
    }
  }
}
