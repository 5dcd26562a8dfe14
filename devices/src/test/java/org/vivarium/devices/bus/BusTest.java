package org.vivarium.devices.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class BusTest {
  /** Answers with its own number and keeps the last access. */
  private static final class Probe implements BusDevice {
    private final long answer;
    private String last = "";

    Probe(long answer) {
      this.answer = answer;
    }

    @Override
    public long read(long offset, int size) {
      last = "r" + offset + "/" + size;
      return answer;
    }

    @Override
    public void write(long offset, int size, long value) {
      last = "w" + offset + "/" + size + "=" + Long.toHexString(value);
    }
  }

  private final Bus bus = new Bus("test");

  @Test
  void accessReachesTheDeviceThatCoversTheAddress() {
    Probe low = new Probe(1);
    Probe high = new Probe(2);
    bus.add(0x3f8, 8, low);
    bus.add(0x60, 1, high);

    assertEquals(1, bus.read(0x3ff, 1));
    assertEquals("r7/1", low.last);
    assertEquals(2, bus.read(0x60, 1));
    assertEquals(-1, bus.read(0x400, 1));
    assertEquals(-1, bus.read(0x3f7, 4));
  }

  @Test
  void writeIsMaskedToItsSize() {
    Probe device = new Probe(0);
    bus.add(0x1000, 16, device);

    assertTrue(bus.write(0x1004, 2, 0x12345678L));
    assertEquals("w4/2=5678", device.last);
    assertTrue(bus.write(0x1008, 8, -1L));
    assertEquals("w8/8=ffffffffffffffff", device.last);
    assertFalse(bus.write(0x1010, 1, 0));
  }

  @Test
  void overlappingWrappingAndEmptyRangesAreRefused() {
    bus.add(0x1000, 0x1000, new Probe(0));

    for (long[] range :
        new long[][] {{0x1fff, 1}, {0x800, 0x801}, {0, -1}, {0x3000, 0}, {-8, 16}, {0x1800, 4}}) {
      assertFalse(bus.tryAdd(range[0], range[1], new Probe(0)));
    }
    assertThrows(IllegalArgumentException.class, () -> bus.add(0x1000, 1, new Probe(0)));
    assertTrue(bus.tryAdd(0x2000, 1, new Probe(0)));
    assertTrue(bus.tryAdd(-8, 8, new Probe(7)));
    assertEquals(7, bus.read(-1, 1));
  }

  @Test
  void removedDeviceAnswersNoMoreAndItsRangeIsFree() {
    Probe device = new Probe(3);
    bus.add(0xcf8, 8, device);
    bus.remove(device);

    assertEquals(-1, bus.read(0xcf8, 4));
    assertTrue(bus.tryAdd(0xcfc, 4, new Probe(4)));
  }
}
