package org.vivarium.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.INDIRECT;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.NEXT;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.WRITE;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.queue.SplitVirtqueue.Pop;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.GuestRam;

/** Everything a driver can do wrong on a split virtqueue, one rule a test. */
class MaliciousDriverTest {
  private static final long DATA = 0x10_0000;
  private static final long TABLE = 0x8_0000;

  private final GuestRam ram = new GuestRam();
  private final DriverSideQueue driver = new DriverSideQueue(ram, 8);
  private final SplitVirtqueue queue = driver.deviceSide();

  @AfterEach
  void unmap() {
    ram.close();
  }

  @Test
  void descriptorThatIsItsOwnNext() {
    driver.descriptor(0, DATA, 4, NEXT, 0);
    driver.available(0);
    assertFault(ChainFault.CHAIN_TOO_LONG);
  }

  @Test
  void twoDescriptorsThatPointAtEachOther() {
    driver.descriptor(0, DATA, 4, NEXT, 1);
    driver.descriptor(1, DATA, 4, NEXT, 0);
    driver.available(0);
    assertFault(ChainFault.CHAIN_TOO_LONG);
  }

  @Test
  void loopOverTheWholeTable() {
    for (int i = 0; i < 8; i++) {
      driver.descriptor(i, DATA, 4, NEXT, (i + 1) % 8);
    }
    driver.available(3);
    assertFault(ChainFault.CHAIN_TOO_LONG);
  }

  @Test
  void nextPastTheTable() {
    driver.descriptor(0, DATA, 4, NEXT, 8);
    driver.available(0);
    assertFault(ChainFault.NEXT_OUT_OF_RANGE);
  }

  @Test
  void nextOf65535() {
    driver.descriptor(0, DATA, 4, NEXT, 65535);
    driver.available(0);
    assertFault(ChainFault.NEXT_OUT_OF_RANGE);
  }

  @Test
  void headPastTheTable() {
    driver.available(8);
    assertFault(ChainFault.HEAD_OUT_OF_RANGE);
  }

  /** CVE-2016-5403: more requests than the ring holds, for their heads come again and again. */
  @Test
  void sameHeadTwiceInFlight() {
    driver.descriptor(0, DATA, 4, WRITE, 0);
    driver.available(0);
    driver.available(0);
    assertEquals(Pop.CHAIN, queue.pop(queue.newChain()));
    assertFault(ChainFault.HEAD_IN_FLIGHT);
  }

  @Test
  void availableIndexThatJumps() {
    driver.setAvailableIndex(9);
    assertFault(ChainFault.AVAILABLE_INDEX_JUMP);
  }

  @Test
  void availableIndexThatGoesBackwards() {
    driver.setAvailableIndex(65535);
    assertFault(ChainFault.AVAILABLE_INDEX_JUMP);
  }

  @Test
  void aFaultStopsTheQueueForGood() {
    driver.setAvailableIndex(9);
    queue.pop(queue.newChain());
    driver.descriptor(0, DATA, 4, WRITE, 0);
    driver.setAvailableIndex(1);

    assertEquals(Pop.FAULT, queue.pop(queue.newChain()));
    assertFalse(queue.enableNotifications());
  }

  /** CVE-2016-6490: a descriptor without bytes, over which a loop never ends. */
  @Test
  void zeroLengthFirstMiddleAndLast() {
    for (int zero = 0; zero < 3; zero++) {
      DriverSideQueue fresh = new DriverSideQueue(ram, 8);
      for (int i = 0; i < 3; i++) {
        fresh.descriptor(i, DATA, i == zero ? 0 : 4, i < 2 ? NEXT : 0, i + 1);
      }
      fresh.available(0);
      assertFault(ChainFault.ZERO_LENGTH, fresh.deviceSide());
    }
  }

  /** CVE-2016-7422 and CVE-2019-18960: a length that nobody compared with the memory behind it. */
  @Test
  void lengthOf4GiBMinus1() {
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, DATA, 0xFFFF_FFFFL);
  }

  @Test
  void addressOutsideMemory() {
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, GuestRam.HIGH_END, 1);
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, 0xFEE0_0000L, 4);
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, Long.MIN_VALUE, 4);
  }

  @Test
  void addressInAHoleOrAcrossItsEdges() {
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, GuestRam.LOW_END, 4);
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, GuestRam.LOW_END - 2, 4);
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, GuestRam.HIGH_START - 2, 4);
    assertFaultForBuffer(
        ChainFault.OUTSIDE_MEMORY,
        GuestRam.LOW_END - 4096,
        GuestRam.HIGH_START - GuestRam.LOW_END + 8192);
  }

  @Test
  void addressAcrossTheEndOfMemory() {
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, GuestRam.HIGH_END - 1, 2);
  }

  @Test
  void addressThatWrapsAt2To64() {
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, -1L, 2);
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, -4096L, 8192);
    assertFaultForBuffer(ChainFault.OUTSIDE_MEMORY, Long.MAX_VALUE, 0xFFFF_FFFFL);
  }

  @Test
  void readableAfterWritable() {
    driver.descriptor(0, DATA, 4, NEXT | WRITE, 1);
    driver.descriptor(1, DATA + 8, 4, 0, 0);
    driver.available(0);
    assertFault(ChainFault.READABLE_AFTER_WRITABLE);
  }

  @Test
  void indirectThatWasNotNegotiated() {
    driver.descriptor(0, TABLE, 16, INDIRECT, 0);
    driver.available(0);
    assertFault(ChainFault.INDIRECT_NOT_NEGOTIATED, driver.plainDeviceSide());
  }

  @Test
  void indirectInsideIndirect() {
    driver.tableEntry(TABLE, 0, TABLE, 16, INDIRECT, 0);
    driver.descriptor(0, TABLE, 16, INDIRECT, 0);
    driver.available(0);
    assertFault(ChainFault.INDIRECT_NESTED);
  }

  @Test
  void indirectWithNext() {
    driver.tableEntry(TABLE, 0, DATA, 4, 0, 0);
    driver.descriptor(0, TABLE, 16, INDIRECT | NEXT, 1);
    driver.descriptor(1, DATA, 4, 0, 0);
    driver.available(0);
    assertFault(ChainFault.INDIRECT_WITH_NEXT);
  }

  @Test
  void indirectLengthThatIsZeroOrNoMultipleOf16() {
    assertFaultForIndirect(ChainFault.INDIRECT_LENGTH, TABLE, 0);
    assertFaultForIndirect(ChainFault.INDIRECT_LENGTH, TABLE, 15);
    assertFaultForIndirect(ChainFault.INDIRECT_LENGTH, TABLE, 17);
    assertFaultForIndirect(ChainFault.INDIRECT_LENGTH, TABLE, 0xFFFF_FFFFL);
  }

  /** CVE-2011-2212: an indirect table larger than what it is read into. */
  @Test
  void indirectTableThatIsTooLong() {
    assertFaultForIndirect(ChainFault.INDIRECT_TOO_LONG, TABLE, 16 * 9);
    assertFaultForIndirect(ChainFault.INDIRECT_TOO_LONG, TABLE, 16 * 65536);
    assertFaultForIndirect(ChainFault.INDIRECT_TOO_LONG, TABLE, 0xFFFF_FFF0L);
  }

  @Test
  void indirectTableOutsideMemory() {
    assertFaultForIndirect(ChainFault.INDIRECT_OUTSIDE_MEMORY, GuestRam.LOW_END - 16, 32);
    assertFaultForIndirect(ChainFault.INDIRECT_OUTSIDE_MEMORY, -16L, 32);
  }

  /** CVE-2016-7421: a ring that is walked further than it is long. */
  @Test
  void loopInsideAnIndirectTable() {
    driver.tableEntry(TABLE, 0, DATA, 4, NEXT, 1);
    driver.tableEntry(TABLE, 1, DATA, 4, NEXT, 0);
    driver.descriptor(0, TABLE, 32, INDIRECT, 0);
    driver.available(0);
    assertFault(ChainFault.CHAIN_TOO_LONG);
  }

  @Test
  void nextPastAnIndirectTable() {
    driver.tableEntry(TABLE, 0, DATA, 4, NEXT, 1);
    driver.descriptor(0, TABLE, 16, INDIRECT, 0);
    driver.available(0);
    assertFault(ChainFault.NEXT_OUT_OF_RANGE);
  }

  @Test
  void directAndIndirectTogetherLongerThanAllowed() {
    for (int i = 0; i < 8; i++) {
      driver.tableEntry(TABLE, i, DATA, 4, i < 7 ? NEXT : 0, i + 1);
    }
    driver.descriptor(0, DATA, 4, NEXT, 1);
    driver.descriptor(1, TABLE, 16 * 8, INDIRECT, 0);
    driver.available(0);
    assertFault(ChainFault.CHAIN_TOO_LONG);
  }

  @Test
  void buffersOf4GiBTogether() {
    DriverSideQueue large = new DriverSideQueue(ram, 1024);
    DriverSideQueue.Buffer[] buffers = new DriverSideQueue.Buffer[1024];
    Arrays.fill(buffers, DriverSideQueue.writable(0, GuestRam.LOW_END));
    large.addIndirect(buffers);
    assertFault(ChainFault.TOTAL_LENGTH, large.deviceSide());
  }

  @Test
  void usedEventOfAnyValueOnlyDecidesAboutTheInterrupt() {
    DescriptorChain chain = queue.newChain();
    int notified = 0;
    for (int event = 0; event < 65536; event += 4096) {
      driver.setUsedEvent(event);
      driver.add(DriverSideQueue.writable(DATA, 4));
      assertEquals(Pop.CHAIN, queue.pop(chain));
      queue.addUsed(chain.head(), 0);
      driver.nextUsed();
      notified += queue.needsNotification() ? 1 : 0;
    }
    assertEquals(1, notified);
  }

  @Test
  void ringsThatOverlapEachOtherAndTheDataTerminateAndStayInside() {
    VirtqueueConfig overlapping = new VirtqueueConfig(8, 0x2_0000, 0x2_0000, 0x2_0000);
    SplitVirtqueue odd = new SplitVirtqueue(ram.memory(), overlapping, 8, true, true);
    DescriptorChain chain = odd.newChain();
    ram.memory().writeU64(0x2_0000, 0x2_0000_0001_0000L);
    long before = ram.checksumExcept(0x2_0000, 128);

    int returned = 0;
    while (returned < 1000 && odd.pop(chain) == Pop.CHAIN) {
      odd.addUsed(chain.head(), 0xFFFF);
      odd.enableNotifications();
      odd.needsNotification();
      returned++;
    }

    assertEquals(before, ram.checksumExcept(0x2_0000, 128));
    assertNotEquals(1000, returned);
  }

  /** CVE-2016-6490's neighbour: a descriptor that changes while the device reads it. */
  @Test
  void descriptorsThatChangeWhileTheyAreReadNeverPassUnchecked() throws InterruptedException {
    AtomicBoolean stop = new AtomicBoolean();
    Thread attacker =
        Thread.ofPlatform()
            .name("attacker")
            .start(
                () -> {
                  boolean flip = false;
                  while (!stop.get()) {
                    flip = !flip;
                    driver.descriptor(
                        0, flip ? DATA : -8L, flip ? 64 : 0xFFFF_FFFFL, flip ? NEXT : WRITE, 1);
                    driver.descriptor(1, flip ? DATA : GuestRam.LOW_END, 8, flip ? WRITE : NEXT, 0);
                  }
                });
    try {
      for (int i = 0; i < 50_000; i++) {
        SplitVirtqueue fresh = driver.deviceSide();
        DescriptorChain chain = fresh.newChain();
        driver.setAvailableIndex(1);
        if (fresh.pop(chain) == Pop.CHAIN) {
          for (int b = 0; b < chain.count(); b++) {
            assertEquals(true, ram.memory().contains(chain.gpa(b), chain.length(b)));
            assertNotEquals(0, chain.length(b));
          }
          chain.reader().skip(chain.readableBytes());
          chain.writer().skip(chain.writableBytes());
        }
      }
    } finally {
      stop.set(true);
      attacker.join();
    }
  }

  private void assertFaultForBuffer(ChainFault expected, long gpa, long length) {
    DriverSideQueue fresh = new DriverSideQueue(ram, 8);
    fresh.descriptor(0, gpa, length, WRITE, 0);
    fresh.available(0);
    assertFault(expected, fresh.deviceSide());
  }

  private void assertFaultForIndirect(ChainFault expected, long table, long length) {
    DriverSideQueue fresh = new DriverSideQueue(ram, 8);
    fresh.descriptor(0, table, length, INDIRECT, 0);
    fresh.available(0);
    assertFault(expected, fresh.deviceSide());
  }

  private void assertFault(ChainFault expected) {
    assertFault(expected, queue);
  }

  private void assertFault(ChainFault expected, SplitVirtqueue faulty) {
    assertEquals(Pop.FAULT, faulty.pop(faulty.newChain()));
    assertEquals(expected, faulty.fault());
  }
}
