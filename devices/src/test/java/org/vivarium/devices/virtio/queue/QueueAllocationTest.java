package org.vivarium.devices.virtio.queue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.testing.Allocation;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.DriverSideQueue.Buffer;
import org.vivarium.devices.virtio.testing.GuestRam;

class QueueAllocationTest {
  @Test
  void poppingReadingAndReturningAChainAllocatesNothing() {
    try (GuestRam ram = new GuestRam()) {
      DriverSideQueue driver = new DriverSideQueue(ram, 8);
      driver.add(new Buffer(0x10000, 16, false), new Buffer(0x20000, 4096, true));
      SplitVirtqueue queue = driver.deviceSide();
      DescriptorChain chain = queue.newChain();
      BufferList list = new BufferList();
      long[] sum = new long[1];

      long bytes =
          Allocation.during(
              20_000,
              () -> {
                queue.disableNotifications();
                queue.pop(chain);
                sum[0] += chain.reader().readU64();
                list.clear();
                chain.writer().take(4096, list);
                queue.addUsed(chain.head(), 4096);
                queue.needsNotification();
                queue.enableNotifications();
                driver.available(0);
              });

      assertEquals(0, bytes);
      assertEquals((driver.availableIndex() - 1) & 0xFFFF, driver.usedIndex());
    }
  }
}
