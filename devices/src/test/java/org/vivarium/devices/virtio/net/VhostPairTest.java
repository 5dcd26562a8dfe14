package org.vivarium.devices.virtio.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.vivarium.devices.virtio.testing.DriverSideQueue.writable;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.virtio.queue.VirtqueueConfig;
import org.vivarium.devices.virtio.testing.DriverSideDevice;
import org.vivarium.devices.virtio.traffic.TrafficLimit;
import org.vivarium.devices.virtio.transport.VirtioFeatures;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.VhostNet;

/** Who serves a pair of queues when, and what the kernel is told; the kernel is a fake. */
class VhostPairTest extends NetDeviceFixture {
  private static final TrafficLimit SLOW = new TrafficLimit(1 << 20, 0);
  private static final int QUEUE_MSIX_VECTOR = 26;

  private KernelBackend cable;
  private EventFd vector;

  @BeforeEach
  void plugIntoTheKernel() throws Exception {
    driver.close();
    vector = EventFd.create();
    cable = new KernelBackend(backend, loop);
    device = new NetDevice("test", NetConfig.of(MAC, 1500), List.of(cable), loop);
    driver = new DriverSideDevice(ram, loop, device);
  }

  @AfterEach
  void free() {
    cable.close();
    vector.close();
  }

  @Test
  void kernelServesTheQueuesWhereTheDriverPutThem() {
    driver.start();
    sendAndServe(0);

    FakeVhost kernel = cable.kernel();
    for (int queue : new int[] {VhostNet.RECEIVE, VhostNet.TRANSMIT}) {
      VirtqueueConfig config = driver.queue(queue).config();
      assertEquals(
          new VhostNet.Ring(
              config.size(),
              0,
              config.descriptorTable(),
              config.availableRing(),
              config.usedRing()),
          kernel.line(queue).ring);
      assertSame(driver.registers().kick(queue), kernel.line(queue).kick);
      assertSame(cable.tap, kernel.line(queue).tap);
    }
    assertEquals(
        VirtioFeatures.VERSION_1
            | VirtioFeatures.EVENT_IDX
            | VirtioFeatures.INDIRECT_DESC
            | NetLayout.VIRTIO_NET_F_MRG_RXBUF,
        kernel.features);
    assertEquals(List.of(), backend.sent);
  }

  @Test
  void kernelSignalsTheVectorsEventWhileItMayAndTheDeviceInterruptsOtherwise() {
    driver.start();
    int number = TRANSMIT + 1;
    FakeVhost.Line line = cable.kernel().line(TRANSMIT);
    EventFd own = there(line.call);
    own.signal();
    loop.run();
    int whileMasked = driver.msix().take(number);
    driver.msix().setEvent(number, vector);
    EventFd unmasked = line.call;
    driver.msix().setEvent(number, null);

    assertEquals(1, whileMasked);
    assertSame(vector, unmasked);
    assertSame(own, line.call);
  }

  @Test
  void driverThatChoosesAnotherVectorHasItSignalled() {
    driver.start();
    driver.msix().setEvent(0, vector);
    driver.setCommon(22, 2, RECEIVE);
    driver.setCommon(QUEUE_MSIX_VECTOR, 2, 0);
    EventFd chosen = cable.kernel().line(RECEIVE).call;
    driver.setCommon(QUEUE_MSIX_VECTOR, 2, 0xFFFF);

    assertSame(vector, chosen);
    assertFalse(vector.equals(cable.kernel().line(RECEIVE).call));
  }

  @Test
  void withoutMsixTheDeviceInterruptsOverThePin() {
    driver.start();
    driver.msix().setEnabled(false);
    there(cable.kernel().line(RECEIVE).call).signal();
    loop.run();

    assertTrue(driver.intx().asserted());
  }

  @Test
  void resetEndsOnceTheKernelHasLetGo() {
    driver.start();
    FakeVhost kernel = cable.kernel();
    driver.setStatus(0);
    int during = driver.status();
    boolean heldDuring = kernel.line(RECEIVE).tap != null;
    loop.run();

    assertTrue(heldDuring && during != 0);
    assertEquals(0, driver.status());
    assertNull(kernel.line(RECEIVE).tap);
    assertNull(kernel.line(TRANSMIT).tap);
    assertTrue(kernel.closed);
    assertEquals(0, loop.watched());
  }

  @Test
  void aHundredResetsAndRestartsLeaveOneKernelEach() {
    for (int i = 0; i < 100; i++) {
      driver.start();
      driver.reset();
    }

    assertEquals(100, cable.kernels.size());
    assertTrue(cable.kernels.stream().allMatch(kernel -> kernel.closed));
    assertEquals(0, loop.watched());
  }

  @Test
  void limitHasHandlersGoOnWhereTheKernelStoodAndTheOtherWayRound() throws Exception {
    driver.start();
    sendAndServe(3);
    device.setLimits(SLOW, TrafficLimit.NONE);
    loop.run();
    boolean closed = cable.kernel().closed;
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    int sent = backend.sent.size();
    device.setLimits(TrafficLimit.NONE, TrafficLimit.NONE);
    loop.run();
    sendAndServe(1);

    assertTrue(closed);
    assertEquals(1, sent);
    assertEquals(2, cable.kernels.size());
    assertEquals(4, there(cable.kernel().line(TRANSMIT).ring).next());
    assertEquals(5, driver.queue(TRANSMIT).allUsed().size());
    assertEquals(1, backend.sent.size());
    device.close();
    loop.run();
  }

  @Test
  void cableThatIsPulledLosesFramesAndComesBackToTheKernel() {
    driver.start();
    device.setLink(false);
    loop.run();
    boolean closed = cable.kernel().closed;
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    arrive(frame(MAC, 60));
    device.setLink(true);
    loop.run();

    assertTrue(closed);
    assertEquals(List.of(), backend.sent);
    assertEquals(1, driver.queue(TRANSMIT).allUsed().size());
    assertEquals(0, driver.queue(RECEIVE).allUsed().size());
    assertEquals(2, cable.kernels.size());
    assertSame(cable.tap, cable.kernel().line(RECEIVE).tap);
  }

  @Test
  void faultThatTheKernelFoundNeedsAResetAndStopsIt() {
    driver.start();
    there(cable.kernel().line(TRANSMIT).error).signal();
    loop.run();
    boolean needsReset = driver.needsReset();
    device.setLink(false);
    device.setLink(true);
    loop.run();

    assertTrue(needsReset);
    assertTrue(cable.kernel().closed);
    assertEquals(1, cable.kernels.size());
  }

  @Test
  void handlersServeWhatTheKernelRefuses() {
    cable.offered = VirtioFeatures.VERSION_1;
    driver.start();
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

    assertTrue(cable.kernel().closed);
    assertEquals(1, backend.sent.size());
    assertFalse(driver.needsReset());
  }

  @Test
  void kernelThatFailsHalfWayIsLetGo() {
    for (int calls = 0; calls < 14; calls++) {
      backend.sent.clear();
      cable.callsUntilFailure = calls;
      driver.start();
      send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

      assertTrue(cable.kernel().closed, "after " + calls + " calls");
      assertTrue(driver.needsReset() != (backend.sent.size() == 1), "after " + calls + " calls");
      driver.reset();
      assertEquals(0, loop.watched());
    }
  }

  @Test
  void handlersGoOnWhereTheyWereIfTheKernelFailsInTheMiddleOfALife() throws Exception {
    driver.start();
    sendAndServe(2);
    for (int calls = 0; calls < 10; calls++) {
      cable.callsUntilFailure = calls;
      device.setLink(false);
      loop.run();
      device.setLink(true);
      loop.run();
      send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

      assertTrue(cable.kernel().closed, "after " + calls + " calls");
      assertEquals(calls + 1, backend.sent.size());
    }
    assertFalse(driver.needsReset());
    assertEquals(12, driver.queue(TRANSMIT).allUsed().size());
  }

  @Test
  void queuesOutsideMemoryNeverReachTheKernel() {
    driver.negotiate(device.features() | VirtioFeatures.VERSION_1);
    VirtqueueConfig good = driver.queue(RECEIVE).config();
    driver.configure(
        RECEIVE, new VirtqueueConfig(good.size(), 1L << 40, good.availableRing(), good.usedRing()));
    driver.configure(TRANSMIT, driver.queue(TRANSMIT).config());
    driver.setStatus(0xF);
    loop.run();

    assertTrue(driver.needsReset());
    assertEquals(List.of(), cable.kernels);
  }

  @Test
  void pairOfWhichTheDriverEnabledHalfIsServedByHandlers() {
    driver.negotiate(device.features() | VirtioFeatures.VERSION_1);
    driver.configure(TRANSMIT, driver.queue(TRANSMIT).config());
    driver.setStatus(0xF);
    loop.run();
    send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));

    assertEquals(List.of(), cable.kernels);
    assertEquals(1, backend.sent.size());
  }

  @Test
  void figuresAreTheInterfacesSinceTheCardWasMade() {
    cable.passed = KernelBackend.figures(1_500);

    assertEquals(KernelBackend.figures(500), device.counters());
    assertEquals("192.0.2.7", device.guestAddress().orElseThrow());
  }

  /** The driver sends frames, and the fake kernel takes as many. */
  private void sendAndServe(int count) {
    driver.queue(RECEIVE).add(writable(DATA, 2048));
    for (int i = 0; i < count; i++) {
      send(header(0, 0, 0, 0, 0, 0), frame(MAC, 60));
    }
    cable.kernel().serve(TRANSMIT, count);
  }

  private static <T> T there(@Nullable T value) {
    assertNotNull(value);
    return value;
  }
}
