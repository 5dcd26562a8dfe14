package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;

/**
 * Mostly well-formed block requests with any header, sizes and directions: each is answered or the
 * device asks for a reset, nothing is thrown on any thread, and only device-writable memory
 * changes.
 *
 * <p>Input, for each of at most 12 requests: type (8 bits), sector (64 bits), number of data
 * buffers and their direction (8 bits), length of each (16 bits), whether header and status are as
 * they should be (8 bits).
 */
class BlkFuzzTest {
  private static final int DISK = 1 << 16;
  private static final long READABLE = 0x10_0000;
  private static final long WRITABLE = 0x20_0000;
  private static final int WRITABLE_BYTES = 0x10_0000;

  @FuzzTest
  void anyRequestsAreAnsweredOrNeedAReset(byte[] input) {
    ManualLoop loop = new ManualLoop();
    MemoryDisk disk = new MemoryDisk(DISK);
    ConcurrentLinkedQueue<Throwable> crashes = new ConcurrentLinkedQueue<>();
    try (GuestRam ram = new GuestRam();
        BlkDevice device =
            new BlkDevice(
                "fuzz",
                new BlkConfig("fuzz", false, 1, 256, 1),
                disk,
                loop,
                (thread, error) -> crashes.add(error));
        DriverSideDevice driver = new DriverSideDevice(ram, loop, device).start()) {
      ByteBuffer in = ByteBuffer.wrap(input).order(ByteOrder.LITTLE_ENDIAN);
      int added = 0;
      while (in.remaining() >= 11 && added < 12) {
        driver.queue(0).addIndirect(request(driver, in));
        added++;
      }
      DriverSideQueue queue = driver.queue(0);
      long usedRing = queue.config().usedRing();
      long usedBytes = queue.config().usedRingBytes();
      long before = ram.checksumExcept(usedRing, usedBytes, WRITABLE, WRITABLE_BYTES);

      driver.kick(0);
      if (!driver.needsReset()) {
        for (Used used : driver.awaitUsed(0, added)) {
          assertTrue(used.length() <= WRITABLE_BYTES);
        }
      }
      driver.awaitResetKeepingQueues();

      assertEquals(before, ram.checksumExcept(usedRing, usedBytes, WRITABLE, WRITABLE_BYTES));
      assertEquals(List.of(), List.copyOf(crashes));
    }
  }

  private static Buffer[] request(DriverSideDevice driver, ByteBuffer in) {
    long type = in.get() & 0xFF;
    long sector = in.getLong();
    int shape = in.get() & 0xFF;
    int flaws = in.get() & 0xFF;
    List<Buffer> chain = new ArrayList<>();
    byte[] header =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt((int) type)
            .putInt(0)
            .putLong(sector)
            .array();
    if (flaws == 1) {
      header = new byte[8];
    }
    chain.add(driver.queue(0).readable(header));
    boolean writable = (shape & 0x80) != 0;
    for (int i = 0; i < (shape & 7) && in.remaining() >= 2; i++) {
      int length = 1 + (in.getShort() & 0xFFFF);
      chain.add(
          writable
              ? DriverSideQueue.writable(WRITABLE + 0x1000L * i, length)
              : DriverSideQueue.readable(READABLE + 0x1000L * i, length));
    }
    if (flaws != 2) {
      chain.add(DriverSideQueue.writable(WRITABLE + WRITABLE_BYTES - 1, 1));
    }
    return chain.toArray(Buffer[]::new);
  }
}
