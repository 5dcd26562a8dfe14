package org.vivarium.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.readable;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.queue.SplitVirtqueue.Pop;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Used;
import org.vivarium.devices.virtio.testing.GuestRam;

class SplitVirtqueueTest {
  private final GuestRam ram = new GuestRam();
  private final DriverSideQueue driver = new DriverSideQueue(ram, 8);

  @AfterEach
  void unmap() {
    ram.close();
  }

  @Test
  void popIsEmptyBeforeTheDriverAddsAChain() {
    SplitVirtqueue queue = driver.deviceSide();

    assertEquals(Pop.EMPTY, queue.pop(queue.newChain()));
  }

  @Test
  void popDeliversReadableThenWritableBuffers() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    int head = driver.add(readable(0x10000, 16), readable(0x20000, 4), writable(0x30000, 512));

    Pop pop = queue.pop(chain);

    assertEquals(Pop.CHAIN, pop);
    assertEquals(head, chain.head());
    assertEquals(3, chain.count());
    assertEquals(2, chain.readableCount());
    assertEquals(20, chain.readableBytes());
    assertEquals(512, chain.writableBytes());
    assertEquals(0x30000, chain.gpa(2));
    assertEquals(Pop.EMPTY, queue.pop(queue.newChain()));
  }

  @Test
  void popFollowsAnIndirectTable() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.addIndirect(readable(0x10000, 16), writable(0x20000, 32));

    assertEquals(Pop.CHAIN, queue.pop(chain));
    assertEquals(2, chain.count());
    assertEquals(16, chain.readableBytes());
    assertEquals(32, chain.writableBytes());
  }

  @Test
  void popAcceptsDirectDescriptorsBeforeAnIndirectOne() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.tableEntry(0x8000, 0, 0x20000, 32, DriverSideQueue.WRITE, 0);
    driver.descriptor(0, 0x10000, 16, DriverSideQueue.NEXT, 1);
    driver.descriptor(1, 0x8000, 16, DriverSideQueue.INDIRECT | DriverSideQueue.WRITE, 0);
    driver.available(0);

    assertEquals(Pop.CHAIN, queue.pop(chain));
    assertEquals(16, chain.readableBytes());
    assertEquals(32, chain.writableBytes());
  }

  @Test
  void queueGoesOnWhereSomebodyElseServedItTo() {
    SplitVirtqueue first = driver.deviceSide();
    SplitVirtqueue second = driver.deviceSide();
    DescriptorChain chain = first.newChain();
    for (int i = 0; i < 5; i++) {
      driver.add(readable(0x10000, 16));
    }
    for (int i = 0; i < 3; i++) {
      first.pop(chain);
      first.addUsed(chain.head(), 0);
    }
    second.resumeAt(first.next());

    assertFalse(second.needsNotification());
    assertEquals(Pop.CHAIN, second.pop(chain));
    assertThrows(IllegalStateException.class, () -> second.resumeAt(0));
    second.addUsed(chain.head(), 7);
    assertEquals(4, second.next());
    assertEquals(7, driver.allUsed().get(3).length());
  }

  @Test
  void indexesWrapAt65536() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    for (int i = 0; i < 70_000; i++) {
      int head = driver.add(writable(0x10000, 4));

      assertEquals(Pop.CHAIN, queue.pop(chain));
      queue.addUsed(chain.head(), i & 0xFF);

      assertEquals(new Used(head, i & 0xFF), driver.nextUsed());
    }
    assertEquals(70_000 & 0xFFFF, driver.usedIndex());
  }

  @Test
  void chainsReturnInAnyOrder() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain first = queue.newChain();
    DescriptorChain second = queue.newChain();
    int firstHead = driver.add(writable(0x10000, 4));
    int secondHead = driver.add(writable(0x20000, 4));
    queue.pop(first);
    queue.pop(second);

    queue.addUsed(second.head(), 2);
    queue.addUsed(first.head(), 1);

    assertEquals(new Used(secondHead, 2), driver.nextUsed());
    assertEquals(new Used(firstHead, 1), driver.nextUsed());
    assertEquals(0, queue.inFlight());
  }

  @Test
  void stagedElementsAppearTogether() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.add(writable(0x10000, 4));
    driver.add(writable(0x20000, 4));

    queue.pop(chain);
    queue.stageUsed(chain.head(), 4);
    queue.pop(chain);
    queue.stageUsed(chain.head(), 3);
    boolean seenBefore = driver.hasUsed();
    queue.publishUsed();

    assertFalse(seenBefore);
    assertEquals(2, driver.allUsed().size());
  }

  @Test
  void undoPopGivesTheSameChainAgain() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    int head = driver.add(writable(0x10000, 4));
    queue.pop(chain);

    queue.undoPop(chain);

    assertEquals(0, queue.inFlight());
    assertEquals(Pop.CHAIN, queue.pop(chain));
    assertEquals(head, chain.head());
  }

  @Test
  void returningAChainTwiceIsABugOfTheDevice() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.add(writable(0x10000, 4));
    queue.pop(chain);
    queue.addUsed(chain.head(), 0);

    assertThrows(IllegalStateException.class, () -> queue.addUsed(chain.head(), 0));
  }

  @Test
  void eventIndexSuppressesNotificationsUntilItIsPassed() {
    SplitVirtqueue queue = driver.deviceSide();
    driver.setUsedEvent(1);

    boolean afterFirst = useOne(queue);
    boolean afterSecond = useOne(queue);
    boolean afterThird = useOne(queue);

    assertFalse(afterFirst);
    assertTrue(afterSecond);
    assertFalse(afterThird);
  }

  @Test
  void eventIndexInsideABatchNotifiesOnce() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.setUsedEvent(1);
    for (int i = 0; i < 3; i++) {
      driver.add(writable(0x10000, 4));
      queue.pop(chain);
      queue.addUsed(chain.head(), 0);
    }

    assertTrue(queue.needsNotification());
    assertFalse(queue.needsNotification());
  }

  @Test
  void noInterruptFlagSuppressesNotificationsWithoutEventIndex() {
    SplitVirtqueue queue = driver.plainDeviceSide();

    boolean unsuppressed = useOne(queue);
    driver.setAvailableFlags(1);
    boolean suppressed = useOne(queue);

    assertTrue(unsuppressed);
    assertFalse(suppressed);
  }

  @Test
  void nothingUsedNeedsNoNotification() {
    assertFalse(driver.plainDeviceSide().needsNotification());
  }

  @Test
  void enableNotificationsWritesTheEventIndexAndSeesLateChains() {
    SplitVirtqueue queue = driver.deviceSide();
    useOne(queue);

    boolean nothingLate = queue.enableNotifications();
    int event = driver.availEvent();
    driver.add(writable(0x10000, 4));
    boolean late = queue.enableNotifications();

    assertFalse(nothingLate);
    assertEquals(1, event);
    assertTrue(late);
  }

  @Test
  void enableNotificationsMayAwaitSeveralChains() {
    SplitVirtqueue queue = driver.deviceSide();
    useOne(queue);
    driver.add(writable(0x10000, 4));

    boolean tooFew = queue.enableNotifications(1);
    int event = driver.availEvent();
    driver.add(writable(0x10000, 4));
    boolean enough = queue.enableNotifications(1);
    driver.setAvailableIndex(driver.availableIndex() + 7);
    boolean more = queue.enableNotifications(1);

    assertFalse(tooFew);
    assertEquals(2, event);
    assertTrue(enough);
    assertTrue(more);
  }

  @Test
  void disableNotificationsSetsTheFlagWithoutEventIndex() {
    SplitVirtqueue queue = driver.plainDeviceSide();

    queue.disableNotifications();
    int disabled = driver.usedFlags();
    queue.enableNotifications();

    assertEquals(1, disabled);
    assertEquals(0, driver.usedFlags());
  }

  @Test
  void headersAreReadAcrossOneByteDescriptors() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    ram.memory().writeU64(0x10000, 0x8877665544332211L);
    driver.add(
        readable(0x10000, 1), readable(0x10001, 1), readable(0x10002, 5), readable(0x10007, 1));
    queue.pop(chain);

    assertEquals(0x8877665544332211L, chain.reader().readU64());
    assertEquals(0x11, chain.reader().readU8());
    assertEquals(0x2211, chain.reader().readU16());
    assertEquals(0x44332211L, chain.reader().readU32());
    assertEquals(8, chain.reader().remaining());
  }

  @Test
  void writesGoAcrossDescriptorsInOrder() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.add(writable(0x10000, 3), writable(0x20000, 4));
    queue.pop(chain);

    ChainWriter writer = chain.writer();
    writer.writeU8(1);
    writer.write(new byte[] {2, 3, 4}, 0, 3);
    writer.writeU16(0x0605);

    assertEquals(6, writer.position());
    assertEquals(1, writer.remaining());
    assertArrayEquals(new byte[] {1, 2, 3}, ram.bytes(0x10000, 3));
    assertArrayEquals(new byte[] {4, 5, 6, 0}, ram.bytes(0x20000, 4));
  }

  @Test
  void takeCutsRangesAtDescriptorBoundaries() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    BufferList list = new BufferList();
    driver.add(readable(0x10000, 16), readable(0x20000, 8), readable(0x30000, 8));
    queue.pop(chain);

    ChainReader reader = chain.reader();
    reader.skip(18);
    reader.take(10, list);

    assertEquals(2, list.count());
    assertEquals(0x20002, list.gpa(0));
    assertEquals(6, list.length(0));
    assertEquals(0x30000, list.gpa(1));
    assertEquals(4, list.length(1));
    assertEquals(10, list.bytes());
  }

  @Test
  void cursorsRefuseToLeaveTheChain() {
    SplitVirtqueue queue = driver.deviceSide();
    DescriptorChain chain = queue.newChain();
    driver.add(readable(0x10000, 2), writable(0x20000, 2));
    queue.pop(chain);

    assertThrows(IndexOutOfBoundsException.class, () -> chain.reader().readU32());
    assertThrows(IndexOutOfBoundsException.class, () -> chain.writer().writeU32(1));
    assertThrows(IndexOutOfBoundsException.class, () -> chain.reader().skip(3));
  }

  @Test
  void configurationIsCheckedBeforeActivation() {
    VirtqueueConfig good = driver.config();

    assertNull(good.check(ram.memory(), 8));
    assertConfigFault(VirtqueueConfigFault.SIZE, 0, good.descriptorTable(), 0x2000, 0x3000);
    assertConfigFault(VirtqueueConfigFault.SIZE, 3, good.descriptorTable(), 0x2000, 0x3000);
    assertConfigFault(VirtqueueConfigFault.SIZE, 16, good.descriptorTable(), 0x2000, 0x3000);
    assertConfigFault(VirtqueueConfigFault.SIZE, -8, good.descriptorTable(), 0x2000, 0x3000);
    assertConfigFault(VirtqueueConfigFault.DESCRIPTOR_TABLE_ALIGNMENT, 8, 0x1008, 0x2000, 0x3000);
    assertConfigFault(VirtqueueConfigFault.AVAILABLE_RING_ALIGNMENT, 8, 0x1000, 0x2001, 0x3000);
    assertConfigFault(VirtqueueConfigFault.USED_RING_ALIGNMENT, 8, 0x1000, 0x2000, 0x3002);
    assertConfigFault(
        VirtqueueConfigFault.DESCRIPTOR_TABLE_OUTSIDE_MEMORY,
        8,
        GuestRam.LOW_END - 16,
        0x2000,
        0x3000);
    assertConfigFault(VirtqueueConfigFault.AVAILABLE_RING_OUTSIDE_MEMORY, 8, 0x1000, -16L, 0x3000);
    assertConfigFault(
        VirtqueueConfigFault.USED_RING_OUTSIDE_MEMORY, 8, 0x1000, 0x2000, GuestRam.HIGH_END - 64);
  }

  private void assertConfigFault(
      VirtqueueConfigFault expected, int size, long table, long available, long used) {
    VirtqueueConfig config = new VirtqueueConfig(size, table, available, used);
    assertEquals(expected, config.check(ram.memory(), 8));
    assertThrows(
        IllegalArgumentException.class,
        () -> new SplitVirtqueue(ram.memory(), config, 8, true, true));
  }

  private boolean useOne(SplitVirtqueue queue) {
    DescriptorChain chain = queue.newChain();
    driver.add(writable(0x10000, 4));
    queue.pop(chain);
    queue.addUsed(chain.head(), 0);
    return queue.needsNotification();
  }
}
