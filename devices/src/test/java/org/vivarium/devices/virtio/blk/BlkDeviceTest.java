package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.traffic.TrafficCounters;
import org.vivarium.devices.virtio.traffic.TrafficLimit;

class BlkDeviceTest extends BlkFixture {
  @Test
  void readDeliversTheDisksContent() {
    driver.start();
    disk.fill(512, 1024, 7);

    int status = request(0, 1, writable(DATA, 512), writable(DATA + 4096, 512));

    assertEquals(0, status);
    assertEquals(7, ram.memory().readU8(DATA));
    assertEquals(7, ram.memory().readU8(DATA + 4096 + 511));
    assertEquals(1025, lastLength);
    assertEquals(1, driver.msix().await(1));
  }

  @Test
  void writeChangesTheDiskAndNothingElse() {
    driver.start();
    ram.fill(DATA, 1024, 5);

    int status = request(1, 3, readable(DATA, 100), readable(DATA + 100, 924));

    assertEquals(0, status);
    assertEquals(0, disk.get(3 * 512 - 1));
    assertEquals(5, disk.get(3 * 512));
    assertEquals(5, disk.get(5 * 512 - 1));
    assertEquals(0, disk.get(5 * 512));
    assertEquals(1, lastLength);
  }

  @Test
  void limitHoldsRequestsBackUntilItIsLifted() throws Exception {
    driver.start();
    device.setLimit(new TrafficLimit(0, 1));
    loop.run();
    for (int i = 0; i < 3; i++) {
      driver
          .queue(0)
          .add(
              driver.queue(0).readable(header(0, i)),
              writable(DATA + 512L * i, 512),
              writable(STATUS + i, 1));
    }
    driver.kick(0);
    driver.awaitUsed(0, 1);
    loop.run();
    boolean more = driver.queue(0).hasUsed();

    device.setLimit(TrafficLimit.NONE);

    assertFalse(more);
    assertEquals(2, driver.awaitUsed(0, 2).size());
  }

  @Test
  void resetWhileTheLimitHoldsRequestsBackEnds() throws Exception {
    driver.start();
    device.setLimit(new TrafficLimit(1, 0));
    loop.run();
    request(0, 0, writable(DATA, 512));
    driver
        .queue(0)
        .add(driver.queue(0).readable(header(0, 0)), writable(DATA, 512), writable(STATUS, 1));
    driver.kick(0);

    driver.awaitReset();
    device.setLimit(TrafficLimit.NONE);
    driver.start();

    assertEquals(0, request(0, 0, writable(DATA, 512)));
  }

  @Test
  void countersTellWhatWasMovedAndWhatFailed() {
    driver.start();
    request(0, 1, writable(DATA, 512), writable(DATA + 4096, 512));
    request(1, 3, readable(DATA, 512));
    request(4, 0);
    request(0, 1 << 30, writable(DATA, 512));
    disk.failing = true;
    request(1, 3, readable(DATA, 512));
    disk.failing = false;

    TrafficCounters.Snapshot counted = device.counters();

    assertEquals(new TrafficCounters.Snapshot(1024, 512, 1, 1, 1, 2, counted.busyNanos()), counted);
    assertTrue(counted.busyNanos() > 0);
  }

  @Test
  void buffersWithOddSizesAndAddressesWorkAcrossTheHole() {
    driver.start();
    disk.fill(0, 4096, 9);

    int status =
        request(0, 0, writable(GuestRam.LOW_END - 513, 513), writable(GuestRam.HIGH_START, 511));

    assertEquals(0, status);
    assertEquals(9, ram.memory().readU8(GuestRam.LOW_END - 1));
    assertEquals(9, ram.memory().readU8(GuestRam.HIGH_START + 510));
    assertEquals(0, ram.memory().readU8(GuestRam.HIGH_START + 511));
  }

  @Test
  void headerAndStatusMayLieInOneByteDescriptors() {
    driver.start();
    disk.fill(0, 512, 3);
    byte[] header = header(0, 0);
    Buffer[] chain = new Buffer[18];
    long at = ram.place(header);
    for (int i = 0; i < 16; i++) {
      chain[i] = readable(at + i, 1);
    }
    chain[16] = writable(DATA, 512);
    chain[17] = writable(STATUS, 1);
    ram.fill(STATUS, 1, UNWRITTEN);

    driver.queue(0).addIndirect(chain);
    driver.notifyOnly(0);
    driver.awaitUsed(0, 1);

    assertEquals(0, ram.memory().readU8(STATUS));
    assertEquals(3, ram.memory().readU8(DATA + 511));
  }

  @Test
  void statusMayBeTheLastByteOfTheDataBuffer() {
    driver.start();
    disk.fill(0, 512, 3);
    ram.fill(DATA, 513, UNWRITTEN);

    driver.queue(0).add(driver.queue(0).readable(header(0, 0)), writable(DATA, 513));
    driver.notifyOnly(0);

    assertEquals(513, driver.awaitUsed(0, 1).getFirst().length());
    assertEquals(3, ram.memory().readU8(DATA + 511));
    assertEquals(0, ram.memory().readU8(DATA + 512));
  }

  @Test
  void flushReachesTheImageAndIgnoresData() {
    driver.start();

    int plain = request(4, 0);
    int withData = request(4, 99, readable(DATA, 512));

    assertEquals(0, plain);
    assertEquals(0, withData);
    assertEquals(2, disk.flushes.get());
  }

  @Test
  void writeWithoutNegotiatedFlushIsFlushedAtOnce() {
    driver.start(0);

    request(1, 0, readable(DATA, 512));

    assertEquals(1, disk.flushes.get());
  }

  @Test
  void getIdAnswersTheSerialPaddedWithZeros() {
    driver.start();
    ram.fill(DATA, 21, UNWRITTEN);

    int status = request(8, 0, writable(DATA, 20));

    assertEquals(0, status);
    assertArrayEquals(
        Arrays.copyOf("vivarium-disk-0".getBytes(StandardCharsets.US_ASCII), 20),
        ram.bytes(DATA, 20));
    assertEquals(21, lastLength);
  }

  @Test
  void getIdIntoAShortOrLongBufferStaysInside() {
    driver.start();
    ram.fill(DATA, 64, UNWRITTEN);

    int shortStatus = request(8, 0, writable(DATA, 4));
    int afterShort = ram.memory().readU8(DATA + 4);
    int longStatus = request(8, 0, writable(DATA, 64));

    assertEquals(0, shortStatus);
    assertEquals(UNWRITTEN, afterShort);
    assertEquals(0, longStatus);
    assertEquals(UNWRITTEN, ram.memory().readU8(DATA + 20));
    assertEquals(20, lastLength);
  }

  @Test
  void discardAndWriteZeroesClearTheirSegments() {
    driver.start();
    disk.fill(0, DISK, 1);

    int discard = request(11, 0, segments(0, 2, 0, 8, 1, 0));
    int zeroes = request(13, 0, segments(16, 1, 1));

    assertEquals(0, discard);
    assertEquals(0, zeroes);
    assertEquals(0, disk.get(1023));
    assertEquals(1, disk.get(1024));
    assertEquals(0, disk.get(8 * 512));
    assertEquals(1, disk.get(9 * 512));
    assertEquals(0, disk.get(16 * 512));
  }

  @Test
  void discardOfNoMoreThanTheMaximumOfSegments() {
    driver.start();

    assertEquals(1, request(11, 0));
    assertEquals(1, request(11, 0, readable(DATA, 15)));
    assertEquals(1, request(11, 0, readable(DATA, 33 * 16)));
    assertEquals(0, request(11, 0, readable(DATA, 32 * 16)));
  }

  @Test
  void segmentsOutsideTheDiskTooLongOrWithUnknownFlagsAreRefused() {
    driver.start();
    disk.fill(0, DISK, 1);

    assertEquals(1, request(11, 0, segments(SECTORS, 1, 0)));
    assertEquals(1, request(13, 0, segments(SECTORS - 1, 2, 0)));
    assertEquals(1, request(13, 0, segments(-1, 2, 0)));
    assertEquals(1, request(13, 0, segments(0, 0xFFFF_FFFFL, 0)));
    assertEquals(2, request(11, 0, segments(0, 1, 1)));
    assertEquals(2, request(13, 0, segments(0, 1, 2)));
    assertEquals(1, disk.get(0));
  }

  @Test
  void discardThatWasNotNegotiatedIsUnsupported() {
    driver.start(BlkLayout.VIRTIO_BLK_F_FLUSH);

    assertEquals(2, request(11, 0, segments(0, 1, 0)));
    assertEquals(2, request(13, 0, segments(0, 1, 0)));
  }

  @Test
  void accessBeyondTheCapacityOrWrappingIsAnIoError() {
    driver.start();

    assertEquals(1, request(0, SECTORS, writable(DATA, 512)));
    assertEquals(1, request(0, SECTORS - 1, writable(DATA, 1024)));
    assertEquals(1, request(1, SECTORS, readable(DATA, 512)));
    assertEquals(1, request(0, -1, writable(DATA, 512)));
    assertEquals(1, request(0, Long.MIN_VALUE, writable(DATA, 512)));
    assertEquals(1, request(0, 1L << 55, writable(DATA, 512)));
    assertEquals(0, lastLength);
    assertEquals(0, request(0, SECTORS - 1, writable(DATA, 512)));
  }

  @Test
  void lengthsThatAreNoWholeSectorsAreIoErrors() {
    driver.start();

    assertEquals(1, request(0, 0, writable(DATA, 511)));
    assertEquals(1, request(1, 0, readable(DATA, 513)));
  }

  @Test
  void unknownTypesAreUnsupported() {
    driver.start();

    for (long type : new long[] {2, 3, 5, 9, 10, 12, 14, 0x8000_0000L, 0xFFFF_FFFFL}) {
      assertEquals(2, request(type, 0, writable(DATA, 512)));
    }
  }

  @Test
  void writeToAReadOnlyDiskIsRefusedAndTheFeatureOffered() {
    disk.readOnly = true;
    plugIn(new BlkConfig("ro", false, 1, 64, 1));
    driver.start();

    assertEquals(1, request(1, 0, readable(DATA, 512)));
    assertEquals(0, request(0, 0, writable(DATA, 512)));
    assertNotEquals(0, device.features() & BlkLayout.VIRTIO_BLK_F_RO);
    assertEquals(0, device.features() & BlkLayout.VIRTIO_BLK_F_DISCARD);
  }

  @Test
  void requestWithoutHeaderNeedsReset() {
    driver.start();
    driver.queue(0).add(readable(DATA, 15), writable(STATUS, 1));
    driver.kick(0);

    assertTrue(driver.needsReset());
  }

  @Test
  void requestWithoutWritableStatusNeedsReset() {
    driver.start();
    driver.queue(0).add(driver.queue(0).readable(header(1, 0)), readable(DATA, 513));
    driver.kick(0);

    assertTrue(driver.needsReset());
    assertEquals(0, disk.get(0));
  }

  @Test
  void failureOfTheHostIsAnIoErrorAndTheDeviceGoesOn() {
    driver.start();
    disk.failing = true;
    int failed = request(1, 0, readable(DATA, 512));
    int flushFailed = request(4, 0);
    disk.failing = false;

    assertEquals(1, failed);
    assertEquals(1, flushFailed);
    assertEquals(0, request(1, 0, readable(DATA, 512)));
    assertFalse(driver.needsReset());
  }

  @Test
  void aThousandRequestsInFlightComeBackOnce() {
    driver.start();
    int returned = 0;
    int added = 0;
    while (returned < 1000) {
      while (added < 1000 && added - returned < 16) {
        Buffer head = driver.queue(0).readable(header(added % 2, added % SECTORS));
        Buffer data = added % 2 == 0 ? writable(DATA + 512L * added, 512) : readable(DATA, 512);
        driver.queue(0).addIndirect(head, data, writable(STATUS - added, 1));
        added++;
      }
      driver.notifyOnly(0);
      returned += driver.awaitUsed(0, 1).size();
    }

    assertEquals(1000, returned);
    assertEquals(1000, driver.queue(0).usedIndex());
  }

  /** CVE-2026-45782: a request that completes into memory after its reset. */
  @Test
  void resetWaitsForWhatIsInFlight() {
    driver.start();
    disk.fill(0, 512, 8);
    disk.holding = true;
    submit(0, 0, writable(DATA, 512));
    loop.run();
    awaitExecuting(1);

    driver.setStatus(0);
    loop.run();
    int during = driver.status();
    disk.holding = false;
    driver.awaitReset();

    assertNotEquals(0, during);
    assertEquals(8, ram.memory().readU8(DATA));
    assertEquals(0, disk.executing.get());
  }

  @Test
  void deviceWorksAfterManyResets() {
    for (int i = 0; i < 50; i++) {
      driver.start();
      submit(0, 0, writable(DATA, 512));
      loop.run();
      driver.awaitReset();
    }
    driver.start();

    assertEquals(0, request(0, 0, writable(DATA, 512)));
  }

  @Test
  void growthIsToldAndUsable() {
    driver.start();
    long before = driver.config(0, 8);
    long generation = driver.common(21, 1);

    disk.resize(2 * DISK);
    device.capacityChanged();

    assertEquals(SECTORS, before);
    assertEquals(2 * SECTORS, driver.config(0, 8));
    assertEquals(generation + 1, driver.common(21, 1));
    assertEquals(1, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
    assertEquals(0, request(0, SECTORS, writable(DATA, 512)));
  }

  @Test
  void growthWhileRequestsAreInFlightHarmsNone() {
    driver.start();
    disk.fill(0, 512, 8);
    disk.holding = true;
    submit(0, 0, writable(DATA, 512));
    loop.run();
    awaitExecuting(1);

    disk.resize(2 * DISK);
    device.capacityChanged();
    disk.holding = false;

    assertEquals(1, driver.awaitUsed(0, 1).size());
    assertEquals(0, ram.memory().readU8(STATUS));
    assertEquals(8, ram.memory().readU8(DATA));
    assertEquals(0, request(1, 2 * SECTORS - 1, readable(DATA, 512)));
    assertEquals(BlkLayout.VIRTIO_BLK_S_IOERR, request(1, 2 * SECTORS, readable(DATA, 512)));
  }

  @Test
  void configurationSpaceHoldsWhatTheDriverNeeds() {
    assertEquals(62, driver.config(12, 4));
    assertEquals(512, driver.config(20, 4));
    assertEquals(3, driver.config(24, 1));
    assertEquals(128, driver.config(28, 4));
    assertEquals(1, driver.config(34, 2));
    assertEquals(BlkLayout.MAX_SEGMENTS, driver.config(40, 4));
    assertEquals(1, driver.config(56, 1));
    assertEquals(60, driver.registers().deviceConfigLength());
  }

  @Test
  void severalQueuesAreServed() {
    plugIn(new BlkConfig("mq", false, 4, 64, 2));
    driver.start();
    for (int q = 0; q < 4; q++) {
      driver
          .queue(q)
          .add(
              driver.queue(q).readable(header(0, q)),
              writable(DATA + 512L * q, 512),
              writable(STATUS, 1));
      driver.notifyOnly(q);
      driver.awaitUsed(q, 1);
    }

    assertEquals(4, driver.config(34, 2));
    assertEquals(1, driver.msix().await(4));
  }

  @Test
  void onlyWritableBuffersOfTheChainChange() {
    driver.start();
    disk.fill(0, 4096, 0x77);
    Buffer header = driver.queue(0).readable(header(0, 0));
    ram.fill(DATA - 64, 4096 + 128, 0x11);
    driver.queue(0).add(header, writable(DATA, 4096), writable(STATUS, 1));
    var queue = driver.queue(0).config();
    long[] allowed = {queue.usedRing(), queue.usedRingBytes(), STATUS, 1, DATA, 4096};
    long before = ram.checksumExcept(allowed);

    driver.notifyOnly(0);
    driver.awaitUsed(0, 1);

    assertEquals(before, ram.checksumExcept(allowed));
  }

  @Test
  void requestAllocatesNothingOnTheLoopNorOnTheWorker() {
    plugIn(new BlkConfig("alloc", false, 1, 64, 1));
    driver.start();
    submit(0, 0, writable(DATA, 4096));
    driver.awaitUsed(0, 1);
    int[] used = {driver.queue(0).usedIndex()};
    Runnable oneRequest =
        () -> {
          driver.queue(0).available(0);
          driver.notifyOnly(0);
          used[0] = (used[0] + 1) & 0xFFFF;
          while (driver.queue(0).usedIndex() != used[0]) {
            loop.turn();
          }
        };

    assertEquals(0, Allocation.during(2_000, oneRequest));
    assertEquals(
        0, disk.lastThread == 0 ? 0 : Allocation.during(2_000, oneRequest, disk.lastThread));
  }

  @Test
  void configurationIsValidated() {
    assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("a".repeat(21)));
    assertThrows(IllegalArgumentException.class, () -> BlkConfig.of("disk\u00e9"));
    assertThrows(IllegalArgumentException.class, () -> new BlkConfig("", false, 0, 64, 1));
    assertThrows(IllegalArgumentException.class, () -> new BlkConfig("", false, 1, 100, 1));
    assertThrows(IllegalArgumentException.class, () -> new BlkConfig("", false, 1, 64, 0));
  }
}
