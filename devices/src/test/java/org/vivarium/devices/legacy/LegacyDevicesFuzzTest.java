package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.junit.Lifecycle;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.bus.AllocatedBytes;
import org.vivarium.devices.bus.BusDevice;
import org.vivarium.devices.bus.FakeInterruptLine;

/** Whatever a guest does to a register: no exception, and no more output than it wrote. */
class LegacyDevicesFuzzTest {
  private static final int[] SIZES = {1, 2, 4, 8};

  private final FakeInterruptLine line = new FakeInterruptLine();
  private long outputs;
  private long room;
  private long nanos;
  private final Serial16550 uart = new Serial16550(line, this::offer, 64);
  private final AcpiPm pm = new AcpiPm(line, () -> nanos, 24, () -> outputs++);
  private final List<BusDevice> devices =
      List.of(
          uart,
          new I8042(() -> outputs++),
          new CmosRtc(() -> Instant.ofEpochMilli(nanos), 1 << 20, 0),
          pm,
          new ResetRegister(() -> outputs++),
          new DebugPort(value -> outputs++),
          new PvPanic(event -> outputs++));

  private boolean offer(byte value) {
    if (room == 0) {
      return false;
    }
    room--;
    outputs++;
    return true;
  }

  private void access(int device, int offset, int size, boolean write, long value) {
    BusDevice target = devices.get(device);
    if (write) {
      target.write(offset, size, size == 8 ? value : value & ((1L << (8 * size)) - 1));
    } else {
      target.read(offset, size);
    }
  }

  private void hostSide(int what, int amount) {
    switch (what) {
      case 0 -> {
        byte[] bytes = new byte[amount];
        int taken = uart.input(bytes, 0, amount);
        assertTrue(taken >= 0 && taken <= amount);
        assertTrue(uart.waitingInput() <= 64);
      }
      case 1 -> {
        room = amount;
        uart.outputReady();
      }
      case 2 -> pm.pressPowerButton();
      default -> nanos += (long) amount << 28;
    }
  }

  @FuzzTest(maxDuration = "1m", lifecycle = Lifecycle.PER_EXECUTION)
  void anyAccessesAreBorne(FuzzedDataProvider data) {
    long written = 0;
    for (int step = 0; step < 4096 && data.remainingBytes() > 0; step++) {
      if (data.consumeInt(0, 7) == 0) {
        hostSide(data.consumeInt(0, 3), data.consumeInt(0, 100));
        continue;
      }
      int size = SIZES[data.consumeInt(0, 3)];
      boolean write = data.consumeBoolean();
      written += write ? size : 0;
      int device = data.consumeInt(0, devices.size() - 1);
      access(device, data.consumeInt(0, 15), size, write, data.consumeLong());
    }
    // A pvpanic byte can report two events.
    assertTrue(outputs <= 2 * written);
  }

  @Test
  void randomAccessesAreBorne() {
    RandomGenerator random = new Random(16550);
    for (int step = 0; step < 300_000; step++) {
      if (random.nextInt(16) == 0) {
        hostSide(random.nextInt(4), random.nextInt(100));
      }
      int size = SIZES[random.nextInt(4)];
      int device = random.nextInt(devices.size());
      access(device, random.nextInt(16), size, random.nextBoolean(), random.nextLong());
    }
    assertEquals(7, devices.size());
  }

  @Test
  void noAccessAllocates() {
    AllocatedBytes allocated = new AllocatedBytes();
    room = Long.MAX_VALUE;
    byte[] input = new byte[16];
    int rounds = 20_000;
    long least = Long.MAX_VALUE;
    for (int attempt = 0; attempt < 5; attempt++) {
      long before = allocated.now();
      for (int i = 0; i < rounds; i++) {
        uart.input(input, 0, 16);
        for (int register = 0; register < 8; register++) {
          uart.read(register, 1);
        }
        uart.write(0, 1, 'x');
        pm.read(8, 4);
      }
      least = Math.min(least, allocated.now() - before);
    }
    // Eleven accesses a round: one object an access would be megabytes.
    assertTrue(least < rounds, least + " bytes allocated");
  }
}
