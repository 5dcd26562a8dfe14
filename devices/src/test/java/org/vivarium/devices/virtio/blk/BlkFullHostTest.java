package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.vivarium.images.disk.DiskImage;

/** Writes that find no room on the host wait until there is some. */
class BlkFullHostTest extends BlkFixture {
  private static final int IO_ERROR = 1;

  private final Semaphore told = new Semaphore(0);

  @Override
  AutoCloseable prepare(BlkDevice plugged, DiskImage image) {
    // Called while the fixture is being made, before this object's fields are.
    plugged.holdWhenFull(() -> told.release());
    return () -> {};
  }

  @Test
  void writeWaitsAndIsDoneOnceThereIsRoom() throws Exception {
    driver.start();
    ram.fill(DATA, 512, 5);
    disk.failing = true;

    submit(1, 3, readable(DATA, 512));
    await();
    boolean answered = driver.queue(0).hasUsed();
    disk.failing = false;
    device.retry();
    driver.awaitUsed(0, 1);

    assertFalse(answered);
    assertEquals(0, ram.memory().readU8(STATUS));
    assertEquals(5, disk.get(3 * 512));
    assertEquals(0, device.counters().errors());
  }

  @Test
  void hostThatIsStillFullIsToldAgain() throws Exception {
    driver.start();
    disk.failing = true;

    submit(1, 3, readable(DATA, 512));
    await();
    device.retry();
    await();
    disk.failing = false;
    device.retry();
    driver.awaitUsed(0, 1);

    assertEquals(0, ram.memory().readU8(STATUS));
    assertEquals(0, told.availablePermits());
  }

  @Test
  void resetEndsTheWait() throws Exception {
    driver.start();
    disk.failing = true;

    submit(1, 3, readable(DATA, 512));
    await();
    driver.awaitReset();

    assertEquals(IO_ERROR, ram.memory().readU8(STATUS));
  }

  @Test
  void flushIsNeverTriedAgain() {
    driver.start();
    disk.failing = true;

    int status = request(4, 0);

    assertEquals(IO_ERROR, status);
    assertEquals(0, told.availablePermits());
  }

  private void await() throws InterruptedException {
    loop.run();
    if (!told.tryAcquire(30, TimeUnit.SECONDS)) {
      throw new AssertionError("Nobody was told that the host is full");
    }
  }
}
