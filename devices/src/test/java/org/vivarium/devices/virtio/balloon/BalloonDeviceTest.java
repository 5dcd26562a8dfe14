package org.vivarium.devices.virtio.balloon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.devices.virtio.transport.VirtioRegisters;

class BalloonDeviceTest {
  private static final int INFLATE = 0;
  private static final int DEFLATE = 1;
  private static final int STATISTICS = 2;
  private static final int REPORTING = 3;
  private static final int PAGE = 4096;
  private static final long DATA = 0x20_0000;
  private static final long ALL =
      BalloonLayout.VIRTIO_BALLOON_F_STATS_VQ
          | BalloonLayout.VIRTIO_BALLOON_F_PAGE_POISON
          | BalloonLayout.VIRTIO_BALLOON_F_PAGE_REPORTING
          | VirtioFeatures.EVENT_IDX;

  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final BalloonDevice device = new BalloonDevice("test", loop);
  private final DriverSideDevice driver = new DriverSideDevice(ram, loop, device);

  @AfterEach
  void close() {
    driver.close();
    ram.close();
  }

  @Test
  void inflatedPagesAreGivenBackAndTheirNeighboursStay() {
    driver.start();
    ram.fill(DATA, 8 * PAGE, 7);

    inflate(DATA / PAGE + 3, DATA / PAGE + 1, DATA / PAGE + 2, DATA / PAGE + 6);

    assertEquals("70007707", firstBytes(8));
    assertEquals(4 * PAGE, device.discarded());
    assertEquals(1, driver.msix().take(INFLATE + 1));
  }

  @Test
  void descendingPagesAndDuplicatesAreHarmless() {
    driver.start();
    ram.fill(DATA, 8 * PAGE, 7);
    long first = DATA / PAGE;

    inflate(first + 4, first + 3, first + 3, first + 4, first + 2, first + 2);
    inflate(first + 2);

    assertEquals("77000777", firstBytes(8));
    assertFalse(driver.needsReset());
  }

  @Test
  void pagesOutsideMemoryAreIgnored() {
    driver.start();
    ram.fill(GuestRam.LOW_END - PAGE, PAGE, 7);
    ram.fill(GuestRam.HIGH_START, PAGE, 7);
    ram.fill(DATA, PAGE, 7);
    long before = ram.checksumExcept(0, DATA);

    inflate(
        GuestRam.LOW_END / PAGE,
        GuestRam.HIGH_START / PAGE - 1,
        GuestRam.HIGH_END / PAGE,
        0xFFFF_FFFFL,
        0x8000_0000L);

    assertEquals(before, ram.checksumExcept(0, DATA));
    assertEquals(0, device.discarded());
    assertFalse(driver.needsReset());
  }

  @Test
  void runThatMeetsAHoleStopsThere() {
    driver.start();
    ram.fill(GuestRam.LOW_END - PAGE, PAGE, 7);
    ram.fill(GuestRam.HIGH_START, PAGE, 7);

    inflate(
        GuestRam.LOW_END / PAGE - 1,
        GuestRam.LOW_END / PAGE,
        GuestRam.HIGH_START / PAGE - 1,
        GuestRam.HIGH_START / PAGE);

    assertEquals(0, ram.memory().readU8(GuestRam.LOW_END - PAGE));
    assertEquals(0, ram.memory().readU8(GuestRam.HIGH_START));
    assertEquals(2 * PAGE, device.discarded());
  }

  @Test
  void listsCutShortEmptyAndWritableAreHarmless() {
    driver.start();
    ram.fill(DATA, PAGE, 7);
    driver.queue(INFLATE).add(writable(DATA, 64));
    driver.queue(INFLATE).add(readable(DATA, 3));
    driver.queue(DEFLATE).add(readable(DATA, 64));

    driver.kick(INFLATE);
    driver.kick(DEFLATE);

    assertEquals(7, ram.memory().readU8(DATA));
    assertEquals(2, driver.queue(INFLATE).allUsed().size());
    assertEquals(1, driver.queue(DEFLATE).allUsed().size());
    assertFalse(driver.needsReset());
  }

  /** All RAM as one list, its own ring included: work is bounded, and the device lives. */
  @Test
  void listOfAllMemoryEnds() {
    driver.start();
    driver.queue(INFLATE).add(readable(0, GuestRam.LOW_END));

    driver.kick(INFLATE);

    assertTrue(device.discarded() <= (long) PageListHandler.MAX_PAGES * PAGE);
    driver.reset();
    driver.start();
    ram.fill(DATA, PAGE, 7);
    inflate(DATA / PAGE);
    assertEquals(0, ram.memory().readU8(DATA));
  }

  @Test
  void targetReachesTheDriverWithAnInterrupt() {
    driver.start();

    device.setTarget(3L << 20);

    assertEquals(768, driver.config(0, 4));
    assertEquals(3L << 20, device.target());
    assertEquals(1, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
    assertThrows(IllegalArgumentException.class, () -> device.setTarget(-1));
    assertThrows(IllegalArgumentException.class, () -> device.setTarget(1L << 44));
  }

  @Test
  void driverWritesItsOwnFieldsOnly() {
    driver.start();
    device.setTarget(1L << 20);

    write(0, 4, 99);
    write(2, 4, 0xFFFF_FFFFL);
    write(4, 4, 0x8000_0001L);
    write(12, 1, 0x5A);
    write(14, 4, 0xFFFF_FFFFL);

    assertEquals(256, driver.config(0, 4));
    assertEquals(0x8000_0001L * PAGE, device.actual());
    assertEquals(0x5A, driver.config(12, 4));
  }

  @Test
  void resetEmptiesTheBalloonAndKeepsTheTarget() {
    driver.start();
    device.setTarget(1L << 20);
    write(4, 4, 256);
    inflate(DATA / PAGE);

    driver.reset();

    assertEquals(0, device.actual());
    assertEquals(1L << 20, device.target());
    assertEquals(PAGE, device.discarded());
    assertTrue(device.statistics().isEmpty());
  }

  @Test
  void statisticsComeAtStartAndWhenAsked() {
    driver.start(ALL);
    driver.queue(STATISTICS).add(readable(DATA, 20));
    statistic(DATA, 4, 1000);
    statistic(DATA + 10, 5, 5000);
    driver.kick(STATISTICS);
    BalloonStatistics first = device.statistics().orElseThrow();
    boolean returnedUnasked = driver.queue(STATISTICS).hasUsed();

    device.requestStatistics();
    loop.run();
    int head = (int) driver.queue(STATISTICS).nextUsed().id();
    statistic(DATA, 4, 2000);
    driver.queue(STATISTICS).add(readable(DATA, 20));
    driver.kick(STATISTICS);

    assertEquals(new BalloonStatistics(-1, -1, -1, -1, 1000, 5000, -1, -1), first);
    assertFalse(returnedUnasked);
    assertEquals(0, head);
    assertEquals(2000, device.statistics().orElseThrow().free());
    assertEquals(1, driver.msix().take(STATISTICS + 1));
  }

  @Test
  void unknownNegativeAndEndlessStatisticsAreBorne() {
    driver.start(ALL);
    statistic(DATA, 0xFFFF, 1);
    statistic(DATA + 10, 7, -5);
    driver.queue(STATISTICS).add(readable(DATA, GuestRam.LOW_END - DATA));
    driver.queue(STATISTICS).add(readable(DATA, 20));
    driver.kick(STATISTICS);

    assertEquals(-1, device.statistics().orElseThrow().caches());
    device.requestStatistics();
    device.requestStatistics();
    device.requestStatistics();
    loop.run();
    assertFalse(driver.needsReset());
    driver.reset();
    device.requestStatistics();
    loop.run();
  }

  @Test
  void reportedPagesAreGivenBackWholePagesOnly() {
    driver.start(ALL);
    ram.fill(DATA, 8 * PAGE, 7);
    driver.queue(REPORTING).add(writable(DATA + 100, 3 * PAGE), writable(DATA + 5 * PAGE, PAGE));

    driver.kick(REPORTING);

    assertEquals("70077077", firstBytes(8));
    assertEquals(1, driver.queue(REPORTING).allUsed().size());
  }

  @Test
  void reportedRangeOutsideMemoryNeedsReset() {
    driver.start(ALL);
    driver.queue(REPORTING).add(writable(GuestRam.LOW_END - PAGE, 2 * PAGE));

    driver.kick(REPORTING);

    assertTrue(driver.needsReset());
    assertEquals(0, device.discarded());
  }

  @Test
  void guestThatPoisonsFreePagesKeepsThem() {
    driver.start(ALL);
    ram.fill(DATA, PAGE, 7);
    write(12, 4, 0xAAAA_AAAAL);
    driver.queue(REPORTING).add(writable(DATA, PAGE));

    driver.kick(REPORTING);

    assertEquals(7, ram.memory().readU8(DATA));
    assertEquals(1, driver.queue(REPORTING).allUsed().size());
  }

  @Test
  void withoutStatisticsReportingIsTheThirdQueue() {
    driver.start(BalloonLayout.VIRTIO_BALLOON_F_PAGE_REPORTING);
    ram.fill(DATA, PAGE, 7);
    driver.queue(STATISTICS).add(writable(DATA, PAGE));

    driver.kick(STATISTICS);

    assertEquals(0, ram.memory().readU8(DATA));
  }

  @Test
  void inflatingAndReportingAllocateNothing() {
    driver.start(ALL);
    driver.queue(INFLATE).add(readable(DATA, 64));
    driver.queue(REPORTING).add(writable(DATA + 0x1_0000, PAGE));
    for (int i = 0; i < 16; i++) {
      ram.memory().writeU32(DATA + 4L * i, DATA / PAGE + 0x100 + 2L * i % 7);
    }
    Runnable round =
        () -> {
          driver.notifyOnly(INFLATE);
          driver.notifyOnly(REPORTING);
          loop.turn();
          driver.queue(INFLATE).available(0);
          driver.queue(REPORTING).available(0);
        };

    assertEquals(0, Allocation.during(200, round));
    assertFalse(driver.needsReset());
  }

  private void inflate(long... pfns) {
    ByteBuffer list = ByteBuffer.allocate(4 * pfns.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long pfn : pfns) {
      list.putInt((int) pfn);
    }
    driver.queue(INFLATE).add(driver.queue(INFLATE).readable(list.array()));
    driver.kick(INFLATE);
  }

  private void write(int offset, int size, long value) {
    driver.registers().write(VirtioRegisters.DEVICE + offset, size, value);
  }

  private void statistic(long gpa, int tag, long value) {
    ram.memory().writeU16(gpa, tag);
    ram.memory().writeU64(gpa + 2, value);
  }

  private String firstBytes(int pages) {
    StringBuilder bytes = new StringBuilder();
    for (int i = 0; i < pages; i++) {
      bytes.append(ram.memory().readU8(DATA + (long) i * PAGE));
    }
    return bytes.toString();
  }
}
