package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.images.disk.DiskImage;

/** A driver with many requests at a time is asked to gather them, and loses none by it. */
@Timeout(60)
class BlkGatheringTest extends BlkFixture {
  private final int[] heads = new int[4];

  @Override
  MemoryDisk newDisk() {
    try {
      return new MemoryDisk(DISK, Files.createTempFile("disk", ".raw"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  AutoCloseable prepare(BlkDevice plugged, DiskImage image) {
    return Rings.accelerate(plugged, image);
  }

  /** Makes four reads at a time until the driver need not notify about the first of them. */
  @BeforeEach
  void learn() {
    driver.start();
    for (int i = 0; i < heads.length; i++) {
      heads[i] =
          driver
              .queue(0)
              .add(
                  driver.queue(0).readable(header(0, 8L * i)),
                  writable(DATA + 4096L * i, 4096),
                  writable(STATUS, 1));
    }
    driver.notifyOnly(0);
    awaitServed();
    while (awaited() < 2) {
      for (int head : heads) {
        driver.queue(0).available(head);
      }
      driver.notifyOnly(0);
      awaitServed();
    }
  }

  /** How many chains the driver is to gather. */
  private int awaited() {
    return (driver.queue(0).availEvent() - driver.queue(0).availableIndex() + 1) & 0xFFFF;
  }

  private void awaitServed() {
    while (driver.queue(0).usedIndex() != driver.queue(0).availableIndex()) {
      loop.turn();
    }
  }

  @Test
  void fewerAreServedWithoutANotificationAfterAWhile() {
    ram.fill(STATUS, 1, UNWRITTEN);
    driver.msix().take(1);
    driver.queue(0).setUsedEvent(driver.queue(0).usedIndex());

    driver.queue(0).available(heads[0]);
    long alarms = loop.alarms();
    awaitServed();

    assertEquals(1, alarms);
    assertEquals(0, ram.memory().readU8(STATUS));
    assertEquals(1, driver.msix().take(1));
  }

  @Test
  void diskThatRestsHasNoAlarmAndHearsOfTheNextRequest() {
    while (loop.alarms() > 0) {
      loop.turn();
    }
    driver.queue(0).available(heads[0]);

    assertEquals(0, loop.alarms());
    assertEquals(0, awaited());
  }

  @Test
  void resetEndsTheWaiting() {
    driver.queue(0).available(heads[0]);
    driver.awaitReset();
    long alarms = loop.alarms();
    loop.elapse();
    int used = driver.queue(0).usedIndex();
    driver.start();

    assertEquals(0, alarms);
    assertEquals(0, used);
    assertEquals(0, request(0, 0, writable(DATA, 512)));
  }

  @Test
  void limitHoldsBackWhatWasGathered() throws Exception {
    device.setLimit(new TrafficLimit(0, 1));
    loop.run();
    driver.queue(0).available(heads[0]);
    driver.queue(0).available(heads[1]);
    driver.notifyOnly(0);
    int before = driver.queue(0).usedIndex();
    loop.turn();
    loop.turn();
    device.setLimit(TrafficLimit.NONE);
    awaitServed();

    assertEquals((before + 2) & 0xFFFF, driver.queue(0).usedIndex());
  }
}
