package org.vivarium.devices.virtio.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.bus.Bus;
import org.vivarium.devices.bus.FakeInterruptLine;
import org.vivarium.devices.bus.InterruptLine;
import org.vivarium.devices.pci.IntxRouter;
import org.vivarium.devices.pci.MsixVector;
import org.vivarium.devices.pci.PciBus;
import org.vivarium.devices.virtio.testing.GuestRam;
import org.vivarium.devices.virtio.testing.ManualLoop;
import org.vivarium.kvm.EventFd;
import org.vivarium.kvm.KvmException;

class VirtioPciTransportTest {
  private static final int SLOT = 3 << 3;
  private static final long REGISTERS = 0xE000_0000L;
  private static final long TABLE = 0xE001_0000L;
  private static final int VENDOR_CAPABILITY = 0x09;

  private final GuestRam ram = new GuestRam();
  private final ManualLoop loop = new ManualLoop();
  private final FakeVirtioDevice device = new FakeVirtioDevice(loop);
  private final Bus mmio = new Bus("memory-mapped I/O");
  private final FakeInterruptLine pin = new FakeInterruptLine();
  private final Map<Long, EventFd> attached = new HashMap<>();
  private final int[] triggered = new int[3];
  private PciBus bus;
  private VirtioPciTransport transport;

  @BeforeEach
  void plugIn() throws KvmException {
    IntxRouter router =
        new IntxRouter() {
          @Override
          public InterruptLine connect(int slot, int intx) {
            return pin;
          }

          @Override
          public int gsi(int slot, int intx) {
            return 16;
          }
        };
    bus = new PciBus(mmio, new Bus("port I/O"), (base, size) -> base >= 0xC000_0000L, router);
    transport =
        new VirtioPciTransport("test", device, ram.memory(), this::vector, new MapNotifier());
    bus.add(SLOT >> 3, 0, transport);
  }

  @AfterEach
  void close() {
    transport.close();
    ram.close();
  }

  @Test
  void identityIsThatOfAModernDevice() {
    assertEquals(0x1AF4, config(0x00, 2));
    assertEquals(0x1040 + VirtioDeviceType.ENTROPY.id(), config(0x02, 2));
    assertEquals(1, config(0x08, 1));
    assertEquals(0x1AF4, config(0x2C, 2));
    assertTrue(config(0x2E, 2) >= 0x40);
    assertEquals(1, config(0x3D, 1));
  }

  @Test
  void capabilitiesNameEveryStructureOnce() {
    Map<Integer, Integer> found = capabilities();

    assertEquals(5, found.size());
    assertStructure(found, 1, VirtioRegisters.COMMON, 60);
    assertStructure(found, 2, VirtioRegisters.NOTIFY, 8);
    assertStructure(found, 3, VirtioRegisters.ISR, 1);
    assertStructure(found, 4, VirtioRegisters.DEVICE, 8);
    assertEquals(20, config(found.getOrDefault(2, 0) + 2, 1));
    assertEquals(VirtioRegisters.NOTIFY_MULTIPLIER, config(found.getOrDefault(2, 0) + 16, 4));
  }

  @Test
  void registersAnswerWhereTheGuestMapsThem() {
    map();

    mmio.write(REGISTERS + 20, 1, 1);

    assertEquals(1, mmio.read(REGISTERS + 20, 1));
    assertEquals(2, mmio.read(REGISTERS + 18, 2));
  }

  @Test
  void notificationEventsFollowTheRegisters() {
    map();
    boolean first = attached.containsKey(REGISTERS + VirtioRegisters.notifyOffset(1));
    setConfig(0x10, 4, REGISTERS + 0x10_0000);
    boolean moved = attached.containsKey(REGISTERS + 0x10_0000 + VirtioRegisters.notifyOffset(1));
    int whileMapped = attached.size();
    setConfig(0x04, 2, 0);

    assertTrue(first);
    assertTrue(moved);
    assertEquals(2, whileMapped);
    assertTrue(attached.isEmpty());
  }

  @Test
  void registersMovedOntoRamOrTheTableAreNotDecoded() {
    map();
    setConfig(0x10, 4, 0x0010_0000);
    int onRam = attached.size();
    setConfig(0x10, 4, TABLE);
    int onTable = attached.size();
    setConfig(0x10, 4, REGISTERS);

    assertEquals(0, onRam);
    assertEquals(0, onTable);
    assertEquals(2, attached.size());
  }

  @Test
  void notificationThatArrivesAsAnAccessSignalsTheSameEvent() {
    map();

    mmio.write(REGISTERS + VirtioRegisters.notifyOffset(1), 2, 1);

    assertEquals(1, transport.registers().kick(1).drain());
    assertEquals(0, transport.registers().kick(0).drain());
  }

  @Test
  void interruptGoesOverMsixOnceEnabledAndUnmasked() {
    map();
    enableMsix();
    mmio.write(REGISTERS + 16, 2, 2);

    interruptForConfig();
    int masked = triggered[2];
    mmio.write(TABLE + 2 * 16 + 12, 4, 0);

    assertEquals(0, masked);
    assertEquals(1, triggered[2]);
    assertFalse(pin.level());
  }

  @Test
  void interruptGoesOverThePinWithoutMsix() {
    map();

    interruptForConfig();
    boolean raised = pin.level();
    long isr = mmio.read(REGISTERS + VirtioRegisters.ISR, 1);

    assertTrue(raised);
    assertEquals(2, isr);
    assertFalse(pin.level());
  }

  @Test
  void configurationAccessReachesRegistersWithoutABar() {
    int window = capabilities().getOrDefault(5, 0);
    setConfig(window + 4, 1, 0);
    setConfig(window + 8, 4, 20);
    setConfig(window + 12, 4, 1);

    setConfig(window + 16, 1, 3);

    assertEquals(3, config(window + 16, 1));
    assertEquals(3, transport.registers().status());
  }

  @Test
  void configurationAccessOutsideTheRegistersDoesNothing() {
    int window = capabilities().getOrDefault(5, 0);
    setConfig(window + 16, 4, 0x55);
    long[][] bad = {
      {0, VirtioRegisters.LENGTH, 4},
      {0, 0xFFFF_FFFCL, 4},
      {0, 20, 0},
      {0, 20, 8},
      {0, 20, 0xFFFF_FFFFL},
      {0, 21, 2},
      {1, 20, 1},
      {6, 20, 1}
    };
    for (long[] access : bad) {
      setConfig(window + 4, 1, access[0]);
      setConfig(window + 8, 4, access[1]);
      setConfig(window + 12, 4, access[2]);
      setConfig(window + 16, 4, 1);
      config(window + 16, 4);
    }

    assertEquals(0, transport.registers().status());
  }

  @Test
  void pciResetResetsTheDevice() {
    map();
    mmio.write(REGISTERS + 20, 1, 3);

    bus.reset();
    loop.run();

    assertEquals(0, transport.registers().status());
    assertTrue(attached.isEmpty());
  }

  @Test
  void everyConfigurationAccessOfEveryWidthIsAnswered() {
    map();
    for (int offset = 0; offset < 256; offset++) {
      for (int size = 1; size <= 4; size *= 2) {
        config(offset, size);
        setConfig(offset, size, 0xFFFF_FFFFL);
        setConfig(offset, size, 0xA5A5_A5A5L);
      }
    }
    bus.reset();
    loop.run();

    assertEquals(0x1AF4, config(0x00, 2));
    assertEquals(0, transport.registers().status());
  }

  @Test
  void hostThatCannotAttachAnEventLeavesNotificationByAccess() throws KvmException {
    FakeVirtioDevice other = new FakeVirtioDevice(loop);
    try (VirtioPciTransport refused =
        new VirtioPciTransport(
            "refused", other, ram.memory(), this::vector, new RefusingNotifier())) {
      bus.add(5, 0, refused);
      bus.writeConfig(0, 5 << 3, 0x10, 4, 0xE100_0000L);
      bus.writeConfig(0, 5 << 3, 0x04, 2, 6);

      mmio.write(0xE100_0000L + VirtioRegisters.notifyOffset(0), 2, 0);

      assertEquals(1, refused.registers().kick(0).drain());
    }
  }

  private void interruptForConfig() {
    mmio.write(REGISTERS + 20, 1, 3);
    mmio.write(REGISTERS + 8, 4, 1);
    mmio.write(REGISTERS + 12, 4, 1);
    mmio.write(REGISTERS + 20, 1, 0xB);
    mmio.write(REGISTERS + 20, 1, 0xF);
    ActivationContext context = device.context;
    assertNotNull(context);
    context.interrupts().config();
  }

  private void map() {
    setConfig(0x10, 4, REGISTERS);
    setConfig(0x14, 4, TABLE);
    setConfig(0x04, 2, 6);
  }

  private void enableMsix() {
    int at = (int) config(0x34, 1);
    while (config(at, 1) != 0x11) {
      at = (int) config(at + 1, 1);
    }
    setConfig(at + 2, 2, 0x8000);
  }

  private Map<Integer, Integer> capabilities() {
    Map<Integer, Integer> found = new HashMap<>();
    for (int at = (int) config(0x34, 1); at != 0; at = (int) config(at + 1, 1)) {
      if (config(at, 1) == VENDOR_CAPABILITY) {
        found.put((int) config(at + 3, 1), at);
      }
    }
    return found;
  }

  private void assertStructure(Map<Integer, Integer> found, int type, long offset, long length) {
    int at = found.getOrDefault(type, 0);
    assertEquals(0, config(at + 4, 1));
    assertEquals(offset, config(at + 8, 4));
    assertEquals(length, config(at + 12, 4));
  }

  private long config(int offset, int size) {
    return bus.readConfig(0, SLOT, offset, size) & ((1L << (8 * size)) - 1);
  }

  private void setConfig(int offset, int size, long value) {
    bus.writeConfig(0, SLOT, offset, size, value & ((1L << (8 * size)) - 1));
  }

  private MsixVector vector(int index) {
    return new MsixVector() {
      @Override
      public void update(long address, int data, boolean deliverable) {
        // Routing is the machine's.
      }

      @Override
      public void trigger() {
        triggered[index]++;
      }
    };
  }

  private final class MapNotifier implements QueueNotifier {
    @Override
    public void attach(long gpa, EventFd kick) {
      assertEquals(null, attached.put(gpa, kick));
    }

    @Override
    public void detach(long gpa, EventFd kick) {
      assertEquals(kick, attached.remove(gpa));
    }
  }

  private static final class RefusingNotifier implements QueueNotifier {
    @Override
    public void attach(long gpa, EventFd kick) throws KvmException {
      throw new KvmException("attach an event", 28);
    }

    @Override
    public void detach(long gpa, EventFd kick) {
      throw new AssertionError("Nothing was attached");
    }
  }
}
