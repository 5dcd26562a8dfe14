package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.images.disk.DiskImage;

/**
 * A disk behind a device, and a driver that speaks to it; each test finds nothing broken after it.
 */
abstract class BlkFixture {
  static final int DISK = 1 << 20;
  static final long SECTORS = DISK / 512;
  static final long DATA = 0x10_0000;
  static final long STATUS = 0xF_F000;
  static final int UNWRITTEN = 0xEE;

  final GuestRam ram = new GuestRam();
  final ManualLoop loop = new ManualLoop();
  final MemoryDisk disk;
  final ConcurrentLinkedQueue<Throwable> crashes = new ConcurrentLinkedQueue<>();
  final List<AutoCloseable> opened = new ArrayList<>();
  BlkDevice device;
  DriverSideDevice driver;

  BlkFixture() {
    disk = newDisk();
    plugIn(new BlkConfig("vivarium-disk-0", false, 1, 64, 2));
  }

  @AfterEach
  void close() throws Exception {
    disk.holding = false;
    driver.awaitReset();
    for (AutoCloseable each : opened.reversed()) {
      each.close();
    }
    ram.close();
    assertEquals(List.of(), List.copyOf(crashes));
    assertEquals(0, disk.accesses.get());
    disk.close();
  }

  long lastLength;

  /** The disk of all tests. */
  MemoryDisk newDisk() {
    return new MemoryDisk(DISK);
  }

  /** Changes a device before it is plugged in; returns what is closed after it. */
  AutoCloseable prepare(BlkDevice plugged, DiskImage image) {
    return () -> {};
  }

  final void plugIn(BlkConfig config) {
    device = new BlkDevice("test", config, disk, loop, (thread, error) -> crashes.add(error));
    opened.add(prepare(device, disk));
    driver = new DriverSideDevice(ram, loop, device);
    opened.add(driver);
    opened.add(device);
  }

  int request(long type, long sector, Buffer... data) {
    submit(type, sector, data);
    lastLength = driver.awaitUsed(0, 1).getFirst().length();
    return ram.memory().readU8(STATUS);
  }

  void submit(long type, long sector, Buffer... data) {
    List<Buffer> chain = new ArrayList<>();
    chain.add(driver.queue(0).readable(header(type, sector)));
    chain.addAll(Arrays.asList(data));
    chain.add(writable(STATUS, 1));
    ram.fill(STATUS, 1, UNWRITTEN);
    driver.queue(0).add(chain.toArray(Buffer[]::new));
    driver.notifyOnly(0);
  }

  void awaitExecuting(int count) {
    while (disk.executing.get() < count) {
      Thread.onSpinWait();
    }
  }

  /** A device-readable buffer of triples: sector, number of sectors, flags. */
  Buffer segments(long... values) {
    ByteBuffer out = ByteBuffer.allocate(values.length / 3 * 16).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < values.length; i += 3) {
      out.putLong(values[i]).putInt((int) values[i + 1]).putInt((int) values[i + 2]);
    }
    return driver.queue(0).readable(out.array());
  }

  static byte[] header(long type, long sector) {
    return ByteBuffer.allocate(16)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt((int) type)
        .putInt(0)
        .putLong(sector)
        .array();
  }
}
