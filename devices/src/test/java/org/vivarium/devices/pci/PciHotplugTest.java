package org.vivarium.devices.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PciHotplugTest {
  private final List<String> events = new ArrayList<>();
  private final PciHotplug registers =
      new PciHotplug(() -> events.add("event"), slot -> events.add("ejected " + slot));

  @Test
  void announcedSlotIsReadOnce() {
    registers.announce(31);

    assertEquals(0x8000_0000L, registers.read(0, 4));
    assertEquals(0, registers.read(0, 4));
    assertEquals(0, registers.read(4, 4));
    assertEquals(List.of("event"), events);
  }

  @Test
  void leavingSlotIsReadOnceAndEjectedByTheGuest() {
    registers.requestEject(13);

    assertEquals(1 << 13, registers.read(4, 4));
    assertEquals(0, registers.read(4, 4));
    registers.write(8, 4, 1 << 13 | 1 << 2);
    assertEquals(List.of("event", "ejected 2", "ejected 13"), events);
  }

  @Test
  void oddAccessesDoNothing() {
    registers.announce(1);
    for (int size : new int[] {1, 2, 8}) {
      for (int offset = -1; offset < 17; offset++) {
        assertEquals(0, registers.read(offset, size));
        registers.write(offset, size, -1);
      }
    }
    for (int offset : new int[] {0, 1, 4, 7, 9, 12}) {
      registers.write(offset, 4, -1);
    }

    assertEquals(List.of("event"), events);
    assertEquals(2, registers.read(0, 4));
  }
}
