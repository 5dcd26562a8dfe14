package org.vivarium.devices.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Configuration space, regions and the two ways to them. */
class PciConfigTest {
  private static final int COMMAND = 4;
  private static final int BAR0 = 0x10;
  private static final int BAR2 = 0x18;
  private static final int BAR3 = 0x1c;
  private static final int BAR4 = 0x20;

  private final TestMachine machine = new TestMachine();

  private long readPorts(int port, int size) {
    return machine.ports.read(port - 0xcf8, size) & ((1L << (8 * size)) - 1);
  }

  private void writePorts(int port, int size, long value) {
    machine.ports.write(port - 0xcf8, size, value);
  }

  @Test
  void hostBridgeAndDevicesAreFoundAndOthersAreAbsent() {
    assertEquals(0x00081b36L, machine.get(0, 0, 4));
    assertEquals(0x0600, machine.get(0, 0x0a, 2));
    assertEquals(0x10421af4L, machine.get(1, 0, 4));
    assertEquals(0x11001af4L, machine.get(1, 0x2c, 4));
    assertEquals(1, machine.get(1, 0x3d, 1));
    assertEquals(17, machine.get(1, 0x3c, 1));
    for (int slot = 3; slot < 32; slot++) {
      assertEquals(0xffffffffL, machine.get(slot, 0, 4));
    }
    for (int bus = 1; bus < 256; bus++) {
      assertEquals(-1, machine.ecam.read((long) bus << 20, 8));
    }
    assertEquals(-1, machine.ecam.read(256L << 20, 4));
    assertEquals(0xffffffffL, machine.get(1, 256, 4), "no extended space");
  }

  @Test
  void linuxFindsMechanismOne() {
    writePorts(0xcfb, 1, 0x01);
    long saved = readPorts(0xcf8, 4);
    writePorts(0xcf8, 4, 0x80000000L);
    assertEquals(0x80000000L, readPorts(0xcf8, 4));
    assertEquals(0x1b36, readPorts(0xcfc, 2));
    assertEquals(0x0008, readPorts(0xcfe, 2));
    assertEquals(0x00081b36L, readPorts(0xcfc, 4));
    writePorts(0xcf8, 4, saved);
    assertEquals(0xffffffffL, readPorts(0xcfc, 4));
  }

  @Test
  void configPortsOfOddSizesStayInTheirWindow() {
    writePorts(0xcf8, 4, 0x80000800L | BAR2);
    writePorts(0xcff, 4, 0x12345678);
    assertEquals(0x78000000L, readPorts(0xcfc, 4));
    assertEquals(0xffffff78L, readPorts(0xcff, 4));
    assertEquals(0xff78, readPorts(0xcff, 2));
    writePorts(0xcfd, 1, 0xab);
    assertEquals(0x7800a000L, readPorts(0xcfc, 4), "the size leaves bits 31 to 12");
    assertEquals(0xffff, readPorts(0xcf8, 2));
    assertEquals(0xff, readPorts(0xcfa, 1));
  }

  @Test
  void resetRegisterLiesInsideTheConfigPorts() {
    writePorts(0xcf9, 1, 6);
    writePorts(0xcf9, 2, 6);
    writePorts(0xcf8, 2, 0x0606);
    assertEquals(List.of("0/1=6"), machine.log);
    assertEquals(0x77, readPorts(0xcf9, 1));
  }

  @Test
  void regionsAreSizedAsLinuxDoesIt() {
    machine.set(1, BAR0, 8, -1L);
    assertEquals(0xfffffffffffff004L, machine.get(1, BAR0, 8));
    machine.set(1, BAR2, 4, 0xffffffffL);
    assertEquals(0xfffff000L, machine.get(1, BAR2, 4));
    machine.set(1, BAR3, 4, 0xffffffffL);
    assertEquals(0xffffffe1L, machine.get(1, BAR3, 4));
    machine.set(1, BAR4, 8, -1L);
    assertEquals(0xfffffffe0000000cL, machine.get(1, BAR4, 8));
    machine.set(1, 0x30, 4, 0xfffff800L);
    assertEquals(0, machine.get(1, 0x30, 4), "no expansion ROM");
  }

  @Test
  void regionsAnswerWhileTheirSpaceIsEnabled() {
    machine.set(1, BAR2, 4, 0xd0000000L);
    machine.set(1, BAR3, 4, 0x1000);
    assertEquals(-1, machine.mmio.read(0xd0000000L, 4));
    machine.set(1, COMMAND, 2, 2);
    assertEquals('f', machine.mmio.read(0xd0000fffL, 1) & 0xff);
    assertEquals(-1, machine.pio.read(0x1000, 1));
    machine.set(1, COMMAND, 2, 3);
    assertEquals('f', machine.pio.read(0x101f, 1) & 0xff);
    machine.set(1, COMMAND, 2, 0);
    assertEquals(-1, machine.mmio.read(0xd0000000L, 4));
    assertEquals(-1, machine.pio.read(0x1000, 1));
    assertEquals(List.of("true@d0000000", "false@d0000000"), machine.first.moves);
  }

  @Test
  void regionMovesAndIsSizedWhileItIsDecoded() {
    machine.set(1, COMMAND, 2, 2);
    machine.set(1, BAR2, 4, 0xd0000000L);
    machine.set(1, BAR2, 4, 0xffffffffL);
    assertEquals(0xfffff000L, machine.get(1, BAR2, 4));
    machine.set(1, BAR2, 4, 0xd0002000L);
    assertEquals(-1, machine.mmio.read(0xd0000000L, 1));
    assertEquals('f', machine.mmio.read(0xd0002000L, 1) & 0xff);
    machine.set(1, BAR2 + 1, 1, 0x50);
    assertEquals('f', machine.mmio.read(0xd0005000L, 1) & 0xff);
    assertEquals(0xd0005000L, machine.first.memory.address());
  }

  @Test
  void sixtyFourBitRegionMovesByHalves() {
    machine.set(1, COMMAND, 2, 2);
    machine.set(1, BAR4 + 4, 4, 0x10);
    machine.set(1, BAR4, 4, 0);
    assertTrue(machine.first.big.isDecoded());
    assertEquals('f', machine.mmio.read(0x11_ffff_ffffL, 1) & 0xff);
    machine.set(1, BAR4 + 4, 4, 0xffffffffL);
    assertFalse(machine.first.big.isDecoded());
  }

  @Test
  void regionOnRamOnAnotherOrOnAFixedDeviceIsNotDecoded() {
    machine.set(1, COMMAND, 2, 2);
    machine.set(2, COMMAND, 2, 2);
    machine.set(1, BAR2, 4, 0xd0000000L);
    for (long taken : new long[] {0, 0x1000, 0xbffff000L, 0xd0000000L, 0xfec00000L}) {
      machine.set(2, BAR2, 4, taken);
      assertFalse(machine.second.memory.isDecoded(), Long.toHexString(taken));
      assertEquals(taken, machine.get(2, BAR2, 4));
    }
    assertEquals('f', machine.mmio.read(0xd0000000L, 1) & 0xff);
    assertEquals(0xf1, machine.mmio.read(0xfec00000L, 1) & 0xff);
    machine.set(2, BAR2, 4, 0xc0000000L);
    assertTrue(machine.second.memory.isDecoded());
    machine.set(1, BAR3, 4, 0x10000);
    machine.set(1, COMMAND, 2, 1);
    assertFalse(machine.first.ports.isDecoded(), "ports end at 0xffff");
  }

  @Test
  void intxFollowsItsDisableBitAndMsix() {
    machine.first.setIntx(true);
    assertTrue(machine.intx[1].level());
    assertEquals(8, machine.get(1, 6, 2) & 8);
    machine.set(1, COMMAND, 2, 0x400);
    assertFalse(machine.intx[1].level());
    assertEquals(8, machine.get(1, 6, 2) & 8);
    machine.set(1, COMMAND, 2, 0);
    assertTrue(machine.intx[1].level());
    int msix = (int) machine.get(1, 0x34, 1);
    machine.set(1, msix + 2, 2, 0x8000);
    assertFalse(machine.intx[1].level());
    machine.set(1, msix + 2, 2, 0);
    machine.first.setIntx(false);
    assertFalse(machine.intx[1].level());
    assertEquals(0, machine.get(1, 6, 2) & 8);
    assertEquals(6, machine.intx[1].changes());
  }

  @Test
  void writesOfEveryWidthAtEveryOffsetChangeWritableBitsOnly() {
    long[] patterns = {0, -1L, 0x5555555555555555L, 0xaaaaaaaaaaaaaaaaL, 0x0102040810204080L};
    byte[] fixed = fixedBits();
    for (int offset = 0; offset < 4096; offset++) {
      for (int size : new int[] {1, 2, 4, 8}) {
        for (long pattern : patterns) {
          machine.set(1, offset, size, pattern);
        }
      }
      if (offset < 256) {
        assertEquals(fixed[offset], (byte) (machine.get(1, offset, 1) & ~writable(offset)));
      }
    }
    assertEquals(0x10421af4L, machine.get(1, 0, 4));
    assertEquals(0x00081b36L, machine.get(0, 0, 4));
  }

  private byte[] fixedBits() {
    byte[] fixed = new byte[256];
    for (int i = 0; i < 256; i++) {
      fixed[i] = (byte) (machine.get(1, i, 1) & ~writable(i));
    }
    return fixed;
  }

  /** The bits that a guest may change, written out by hand from the specification. */
  private int writable(int offset) {
    int msix = (int) machine.get(1, 0x34, 1);
    return switch (offset) {
      case 0x04 -> 0x47;
      case 0x05 -> 0x05;
      case 0x0c, 0x0d, 0x3c -> 0xff;
      case 0x11, 0x19 -> 0xf0;
      case 0x1c -> 0xe0;
      case 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x1a, 0x1b, 0x1d, 0x1e, 0x1f -> 0xff;
      case 0x24 -> 0xfe;
      case 0x25, 0x26, 0x27 -> 0xff;
      default -> offset == msix + 3 ? 0xc0 : 0;
    };
  }

  @Test
  void resetTakesEverythingBack() {
    machine.set(1, COMMAND, 2, 7);
    machine.set(1, BAR2, 4, 0xd0000000L);
    machine.first.setIntx(true);
    machine.bus.reset();
    assertEquals(0, machine.get(1, COMMAND, 2));
    assertEquals(0, machine.get(1, BAR2, 4));
    assertFalse(machine.first.memory.isDecoded());
    assertFalse(machine.intx[1].level());
    assertEquals(1, machine.first.resets);
  }

  @Test
  void removedDeviceIsAbsentAndItsRegionsAreFree() {
    machine.set(1, COMMAND, 2, 2);
    machine.set(1, BAR2, 4, 0xd0000000L);
    machine.first.setIntx(true);
    machine.bus.remove(1, 0);
    assertEquals(0xffffffffL, machine.get(1, 0, 4));
    assertEquals(-1, machine.mmio.read(0xd0000000L, 4));
    assertFalse(machine.intx[1].level());
  }

  @Test
  void secondFunctionMarksTheFirstAsMultiFunction() {
    machine.bus.add(1, 3, new PciHostBridge());
    assertEquals(0x80, machine.get(1, 0x0e, 1));
    assertEquals(0, machine.get(2, 0x0e, 1));
    assertThrows(IllegalArgumentException.class, () -> machine.bus.add(1, 3, new PciHostBridge()));
    assertThrows(IllegalArgumentException.class, () -> machine.bus.add(32, 0, new PciHostBridge()));
  }

  @Test
  void bridgeHeaderKeepsBusNumbersAndWindows() {
    PciConfigSpace bridge =
        PciConfigSpace.type1(
            PciConfigSpace.EXPRESS_SIZE, new PciId(0x1b36, 0x000c, 0x060400, 0, 0, 0));
    bridge.write(0x18, 4, 0x00020100);
    bridge.write(0x20, 4, 0xffffffffL);
    bridge.write(0x24, 4, 0xffffffffL);
    bridge.write(0x1c, 2, 0xffff);
    assertEquals(0x00020100, bridge.read(0x18, 4));
    assertEquals(0xfff0fff0L, bridge.read(0x20, 4));
    assertEquals(0xfff1fff1L, bridge.read(0x24, 4));
    assertEquals(0xf1f1, bridge.read(0x1c, 2));
    assertEquals(1, bridge.read(0x0e, 1));
    assertEquals(0, bridge.read(0x100, 4));
    assertEquals(0xffffffffL, bridge.read(0x1000, 4));
  }

  @Test
  void capabilityThatDoesNotFitIsRefused() {
    PciConfigSpace space = PciConfigSpace.type0(256, new PciId(0x1234, 0x5678, 0xff0000, 0, 0, 0));
    assertEquals(0x40, space.addCapability(9, new byte[13]));
    assertEquals(0x50, space.addCapability(9, new byte[14]));
    assertEquals(0x50, space.read(0x41, 1));
    assertEquals(0, space.read(0x51, 1));
    assertThrows(IllegalStateException.class, () -> space.addCapability(9, new byte[200]));
  }
}
