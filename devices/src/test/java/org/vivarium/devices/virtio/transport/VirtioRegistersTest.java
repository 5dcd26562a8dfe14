package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;

/** The other registers: queues, notifications, interrupts, the configuration space. */
class VirtioRegistersTest extends VirtioRegistersFixture {
  @Test
  void queueNotificationIsServedAndInterruptsOverItsVector() {
    driver.start();
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));

    driver.kick(0);

    assertEquals(32, driver.queue(0).nextUsed().length());
    assertEquals(1, driver.msix().take(QUEUE_VECTOR));
    assertFalse(driver.intx().asserted());
  }

  @Test
  void chainsThatWereThereBeforeActivationAreServed() {
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));

    driver.start();

    assertTrue(driver.queue(0).hasUsed());
  }

  @Test
  void aTurnServesMoreChainsThanTheRingHoldsBySignallingItself() {
    driver.start();
    for (int i = 0; i < 100; i++) {
      driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 1));
      driver.kick(0);
      driver.queue(0).nextUsed();
    }

    assertEquals(100, driver.queue(0).usedIndex());
  }

  @Test
  void withoutMsixTheIsrStatusAndThePinTell() {
    driver.msix().setEnabled(false);
    driver.start();
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));

    driver.kick(0);
    boolean raised = driver.intx().asserted();
    long isr = driver.registers().read(VirtioRegisters.ISR, 1);
    context().interrupts().config();
    long configIsr = driver.registers().read(VirtioRegisters.ISR, 1);

    assertTrue(raised);
    assertEquals(1, isr);
    assertEquals(2, configIsr);
    assertFalse(driver.intx().asserted());
    assertEquals(0, driver.registers().read(VirtioRegisters.ISR, 1));
  }

  @Test
  void noVectorMeansNoInterrupt() {
    driver.start();
    driver.setCommon(22, 2, 0);
    driver.setCommon(26, 2, 0xFFFF);
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));

    driver.kick(0);

    assertTrue(driver.queue(0).hasUsed());
    assertEquals(0, driver.msix().take(QUEUE_VECTOR));
  }

  @Test
  void vectorThatDoesNotExistReadsBackAsNoVector() {
    driver.setCommon(16, 2, 3);
    driver.setCommon(26, 2, 0x7FF);

    assertEquals(0xFFFF, driver.common(16, 2));
    assertEquals(0xFFFF, driver.common(26, 2));
  }

  /** CVE-2026-5747: queue registers rewritten after DRIVER_OK. */
  @Test
  void queueRegistersAreFrozenOnceEnabled() {
    driver.start();
    VirtqueueConfig before = driver.queue(0).config();
    driver.setCommon(22, 2, 0);
    driver.setCommon(24, 2, 0);
    driver.setCommon(32, 8, -16L);
    driver.setCommon(40, 4, 2);
    driver.setCommon(48, 8, 0);
    driver.setCommon(28, 2, 0);
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));
    driver.kick(0);

    assertEquals(before.size(), driver.common(24, 2));
    assertEquals(before.descriptorTable(), driver.common(32, 8));
    assertEquals(before.usedRing(), driver.common(48, 8));
    assertEquals(1, driver.common(28, 2));
    assertTrue(driver.queue(0).hasUsed());
  }

  @Test
  void queuesCannotBeConfiguredBeforeFeaturesOk() {
    driver.configure(0, driver.queue(0).config());

    driver.setCommon(22, 2, 0);
    assertEquals(0, driver.common(28, 2));
    assertEquals(64, driver.common(24, 2));
  }

  @Test
  void queueSelectOutOfRangeReadsSizeZeroAndIgnoresWrites() {
    driver.negotiate(VirtioFeatures.VERSION_1);
    driver.setCommon(22, 2, 2);
    driver.setCommon(24, 2, 8);
    driver.setCommon(26, 2, 1);
    driver.setCommon(28, 2, 1);

    assertEquals(0, driver.common(24, 2));
    assertEquals(0, driver.common(28, 2));
    driver.setCommon(22, 2, 0xFFFF);
    assertEquals(0, driver.common(24, 2));
  }

  /** CVE-2011-2512: a notification for a queue that is not there. */
  @Test
  void notificationOutOfRangeOrOddIsIgnored() {
    driver.start();

    driver.registers().write(VirtioRegisters.NOTIFY + 8, 2, 0);
    driver.registers().write(VirtioRegisters.NOTIFY + 1, 2, 0);
    driver.registers().write(VirtioRegisters.NOTIFY + 0xFFF, 2, 0);

    assertEquals(0, driver.registers().kick(0).drain());
    assertEquals(0, driver.registers().kick(1).drain());
  }

  @Test
  void notificationOfAQueueThatIsNotEnabledServesNothing() {
    driver.negotiate(VirtioFeatures.VERSION_1);
    driver.configure(0, driver.queue(0).config());
    driver.setStatus(0xF);
    loop.run();
    driver.queue(1).add(driver.queue(1).readable(new byte[4]));

    driver.kick(1);

    assertTrue(driver.queue(1).allUsed().isEmpty());
    assertEquals(0xF, driver.status());
  }

  @Test
  void everyAccessOfEveryWidthIsAnswered() {
    driver.start();
    for (long offset = 0; offset < VirtioRegisters.LENGTH; offset++) {
      for (int size = 1; size <= 8; size *= 2) {
        driver.registers().read(offset, size);
      }
    }
    for (long offset = 0; offset < VirtioRegisters.LENGTH; offset++) {
      for (int size = 1; size <= 8; size *= 2) {
        driver.registers().write(offset, size, 0xA5A5_A5A5_A5A5_A5A5L >>> (64 - 8 * size));
        loop.run();
      }
    }

    assertEquals(0xF, driver.status());
  }

  @Test
  void configurationSpaceIsReadAtEveryWidthAndEndsInZeros() {
    assertEquals(1, driver.config(0, 1));
    assertEquals(0x0807_0605_0403_0201L, driver.config(0, 8));
    assertEquals(0x0008, driver.config(7, 2));
    assertEquals(0, driver.config(8, 4));
  }

  @Test
  void configurationWritesReachTheDeviceInsideTheSpaceOnly() {
    driver.registers().write(VirtioRegisters.DEVICE + 4, 2, 0xBEEF);
    long inside = device.lastConfigWrite;
    driver.registers().write(VirtioRegisters.DEVICE + 6, 4, 0xDEAD);

    assertEquals((4L << 32) | 0xBEEF, inside);
    assertEquals(inside, device.lastConfigWrite);
  }

  @Test
  void configurationChangeMovesTheGeneration() {
    driver.start();
    long before = driver.common(21, 1);

    device.config.update(new byte[] {9, 0, 0, 0, 0, 0, 0, 0});
    context().interrupts().config();

    assertEquals(before + 1, driver.common(21, 1));
    assertEquals(9, driver.config(0, 1));
    assertEquals(1, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
  }

  @Test
  void queueNotifyOffsetIsTheQueueNumber() {
    driver.setCommon(22, 2, 1);

    assertEquals(1, driver.common(30, 2));
    assertEquals(2, driver.common(18, 2));
    assertEquals(VirtioRegisters.NOTIFY + 4, VirtioRegisters.notifyOffset(1));
  }
}
