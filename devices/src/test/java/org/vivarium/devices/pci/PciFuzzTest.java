package org.vivarium.devices.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.junit.Lifecycle;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.bus.AllocatedBytes;
import org.vivarium.devices.pci.TestMachine.TestDevice;

/** Whatever a guest does to configuration space, regions and MSI-X: no exception, nothing grows. */
class PciFuzzTest {
  private static final int[] SIZES = {1, 2, 4, 8};

  private final TestMachine machine = new TestMachine();
  private long steps;

  private void step(int what, long offset, int size, boolean write, long value) {
    long masked = size == 8 ? value : value & ((1L << (8 * size)) - 1);
    switch (what) {
      case 0 -> {
        if (write) {
          machine.ecam.write(offset, size, masked);
        } else {
          machine.ecam.read(offset, size);
        }
      }
      case 1 -> {
        if (write) {
          machine.ports.write(offset & 7, Math.min(size, 4), masked);
        } else {
          machine.ports.read(offset & 7, size);
        }
      }
      case 2 -> {
        if (write) {
          machine.first.msix.write(offset & 0xfff, size, masked);
        } else {
          machine.first.msix.read(offset & 0xfff, size);
        }
      }
      case 3 -> machine.first.msix.signal((int) value);
      case 4 -> machine.second.setIntx(write);
      case 5 -> machine.mmio.read(value, size);
      default -> machine.first.msix.signal((int) (value & 0x7f));
    }
    steps++;
  }

  private void checkInvariants() {
    for (int slot = 0; slot <= 2; slot++) {
      assertEquals(slot == 0 ? 0x00081b36L : 0x10421af4L, machine.get(slot, 0, 4));
    }
    assertEquals(0xf1, machine.mmio.read(TestMachine.FIXED_DEVICE, 1) & 0xff);
    for (TestDevice device : new TestDevice[] {machine.first, machine.second}) {
      for (PciBar bar : new PciBar[] {device.msixBar, device.memory, device.big}) {
        assertTrue(
            !bar.isDecoded() || Long.compareUnsigned(bar.address(), TestMachine.RAM_END) >= 0);
      }
      assertTrue(device.moves.size() <= 4 * steps);
    }
  }

  @FuzzTest(maxDuration = "1m", lifecycle = Lifecycle.PER_EXECUTION)
  void anyAccessesAreBorne(FuzzedDataProvider data) {
    while (steps < 4096 && data.remainingBytes() > 0) {
      int what = data.consumeInt(0, 6);
      long offset = ((long) data.consumeInt(0, 3) << 15) + data.consumeInt(0, 4095);
      int size = SIZES[data.consumeInt(0, 3)];
      step(what, offset, size, data.consumeBoolean(), data.consumeLong());
    }
    checkInvariants();
  }

  @Test
  void randomAccessesAreBorne() {
    RandomGenerator random = new Random(3);
    for (int i = 0; i < 400_000; i++) {
      long offset = ((long) random.nextInt(4) << 15) + random.nextInt(random.nextInt(8) + 1) * 32L;
      int size = SIZES[random.nextInt(4)];
      // Mostly addresses that regions can have, so that they collide and are decoded.
      long value = random.nextBoolean() ? random.nextLong() : random.nextInt(64) * 0x0400_0000L + 7;
      step(random.nextInt(7), offset + random.nextInt(32), size, random.nextBoolean(), value);
      if (i % 8 == 0) {
        machine.set(1 + random.nextInt(2), PciConfigSpace.COMMAND, 2, 3);
        machine.set(1 + random.nextInt(2), 0x18, 4, random.nextInt(64) * 0x0400_0000L);
      }
    }
    checkInvariants();
    assertTrue(machine.first.moves.size() > 100, "the accesses must make regions decode");
  }

  @Test
  void configAndMsixAccessesAllocateNothing() {
    AllocatedBytes allocated = new AllocatedBytes();
    long least = Long.MAX_VALUE;
    int rounds = 20_000;
    for (int attempt = 0; attempt < 5; attempt++) {
      long before = allocated.now();
      for (int i = 0; i < rounds; i++) {
        machine.ecam.read((1 << 15) + (i & 0xff), 4);
        machine.ecam.write((1 << 15) + 0x3c, 1, i);
        machine.ports.write(0, 4, 0x80000800L);
        machine.ports.read(4, 4);
        machine.first.msix.write(12, 4, i & 1);
        machine.first.msix.signal(0);
      }
      least = Math.min(least, allocated.now() - before);
    }
    assertTrue(least < rounds, least + " bytes allocated");
  }
}
