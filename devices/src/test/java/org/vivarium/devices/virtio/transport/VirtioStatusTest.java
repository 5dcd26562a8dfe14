package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.testing.DriverSideQueue;
import org.vivarium.devices.virtio.testing.GuestRam;

/** The device status field and the features: how a driver takes a device and lets it go. */
class VirtioStatusTest extends VirtioRegistersFixture {
  @Test
  void featuresAreReadByHalves() {
    driver.setCommon(0, 4, 0);
    long low = driver.common(4, 4);
    driver.setCommon(0, 4, 1);
    long high = driver.common(4, 4);
    driver.setCommon(0, 4, 2);
    long beyond = driver.common(4, 4);

    assertEquals(3 | VirtioFeatures.INDIRECT_DESC | VirtioFeatures.EVENT_IDX, low);
    assertEquals(1, high);
    assertEquals(0, beyond);
  }

  @Test
  void initializationActivatesTheDevice() {
    driver.start();

    assertEquals(0xF, driver.status());
    assertEquals(1, device.activations);
    assertTrue(context().has(VirtioFeatures.VERSION_1 | FakeVirtioDevice.FEATURE_B));
    assertNotNull(context().queue(1));
  }

  @Test
  void notOfferedFeaturesAreRefused() {
    driver.negotiate(VirtioFeatures.VERSION_1 | (1L << 40));

    assertEquals(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER, driver.status());
  }

  @Test
  void missingVersion1IsRefused() {
    driver.negotiate(FakeVirtioDevice.FEATURE_A);

    assertEquals(0, driver.status() & DeviceStatus.FEATURES_OK);
  }

  @Test
  void featuresThatTheDeviceCannotCombineAreRefused() {
    driver.negotiate(VirtioFeatures.VERSION_1 | FakeVirtioDevice.FEATURE_B);

    assertEquals(0, driver.status() & DeviceStatus.FEATURES_OK);
  }

  @Test
  void featuresAreFrozenAfterFeaturesOk() {
    driver.negotiate(VirtioFeatures.VERSION_1 | FakeVirtioDevice.FEATURE_A);
    driver.setCommon(8, 4, 0);
    driver.setCommon(12, 4, FakeVirtioDevice.FEATURE_B);
    driver.setStatus(0xF);

    assertEquals(VirtioFeatures.VERSION_1 | FakeVirtioDevice.FEATURE_A, context().features());
  }

  @Test
  void driverOkWithoutFeaturesOkIsIgnored() {
    driver.setStatus(1);
    driver.setStatus(3);
    driver.setStatus(7);

    assertEquals(3, driver.status());
    assertEquals(0, device.activations);
  }

  @Test
  void statusBitsCannotBeClearedOrSkipped() {
    driver.setStatus(2);
    int skipped = driver.status();
    driver.setStatus(3);
    driver.setStatus(1);
    int cleared = driver.status();
    driver.setStatus(0x13);
    int reserved = driver.status();

    assertEquals(0, skipped);
    assertEquals(3, cleared);
    assertEquals(3, reserved);
  }

  @Test
  void firmwareMaySetTwoStepsAtOnce() {
    driver.setStatus(3);

    assertEquals(3, driver.status());
  }

  @Test
  void driverCannotSetNeedsReset() {
    driver.setStatus(DeviceStatus.ACKNOWLEDGE | DeviceStatus.DEVICE_NEEDS_RESET);

    assertEquals(DeviceStatus.ACKNOWLEDGE, driver.status());
  }

  @Test
  void failedDriverDoesNotActivate() {
    driver.negotiate(VirtioFeatures.VERSION_1);
    driver.setStatus(0x8B);
    driver.setStatus(0x8F);

    assertEquals(0, device.activations);
  }

  @Test
  void badQueueConfigurationNeedsResetAtDriverOk() {
    driver.negotiate(VirtioFeatures.VERSION_1);
    driver.configure(0, new VirtqueueConfig(3, 0x1000, 0x2000, 0x3000));
    driver.setStatus(0xF);

    assertTrue(driver.needsReset());
    assertEquals(0, device.activations);
    assertEquals(1, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
  }

  @Test
  void queuesOutsideMemoryNeedReset() {
    driver.negotiate(VirtioFeatures.VERSION_1);
    driver.configure(1, new VirtqueueConfig(8, 0x1000, 0x2000, GuestRam.LOW_END));
    driver.setStatus(0xF);

    assertTrue(driver.needsReset());
  }

  @Test
  void failedActivationNeedsReset() {
    device.failActivation = true;

    driver.start();

    assertTrue(driver.needsReset());
    assertEquals(1, driver.msix().take(DriverSideDevice.CONFIG_VECTOR));
  }

  @Test
  void chainFaultNeedsResetAndARestartWorks() {
    driver.start();
    driver.queue(0).setAvailableIndex(1000);
    driver.kick(0);
    boolean broken = driver.needsReset();
    int told = driver.msix().take(DriverSideDevice.CONFIG_VECTOR);
    driver.reset();
    driver.start();
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));
    driver.kick(0);

    assertTrue(broken);
    assertEquals(1, told);
    assertFalse(driver.needsReset());
    assertTrue(driver.queue(0).hasUsed());
  }

  @Test
  void resetReadsZeroOnlyOnceDrained() {
    driver.start();
    device.holdReset = true;

    driver.setStatus(0);
    loop.run();
    int during = driver.status();
    driver.setStatus(1);
    driver.setCommon(16, 2, 1);
    Runnable drained = device.drained;
    assertNotNull(drained);
    drained.run();

    assertEquals(0xF, during);
    assertEquals(0, driver.status());
    assertEquals(0xFFFF, driver.common(16, 2));
  }

  @Test
  void resetStopsNotificationsAndForgetsEverything() {
    driver.start();
    driver.reset();
    driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));
    driver.kick(0);

    assertFalse(driver.queue(0).hasUsed());
    driver.setCommon(22, 2, 0);
    assertEquals(0, driver.common(28, 2));
    assertEquals(0, driver.common(32, 8));
    assertEquals(0, loop.watched());
  }

  @Test
  void aThousandResetsAndRestartsWork() {
    for (int i = 0; i < 1000; i++) {
      driver.start();
      driver.queue(0).add(DriverSideQueue.writable(0x10_0000, 32));
      driver.kick(0);
      assertTrue(driver.queue(0).hasUsed());
      driver.reset();
    }
    assertEquals(1000, device.activations);
  }

  @Test
  void faultOfAnEarlierActivationDoesNotTouchTheNext() {
    driver.start();
    ActivationContext old = context();
    driver.reset();
    driver.start();

    old.failure().needsReset("An old complaint.");

    assertFalse(driver.needsReset());
  }

  @Test
  void machineResetRunsItsCallbackOnceDrained() {
    driver.start();
    int[] done = new int[1];

    driver.registers().reset(() -> done[0]++);
    int before = done[0];
    loop.run();

    assertEquals(0, before);
    assertEquals(1, done[0]);
    assertEquals(0, driver.status());
  }

  @Test
  void machineResetOfAnIdleDeviceIsImmediate() {
    int[] done = new int[1];

    driver.registers().reset(() -> done[0]++);

    assertEquals(1, done[0]);
    assertNull(device.context);
  }
}
