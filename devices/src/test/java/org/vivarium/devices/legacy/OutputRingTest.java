package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

class OutputRingTest {
  private int dataCalls;
  private int spaceCalls;
  private final OutputRing ring = new OutputRing(5, () -> dataCalls++);

  @Test
  void bytesComeOutInOrderAcrossTheEdge() {
    byte[] out = new byte[8];
    int next = 0;
    int expected = 0;
    for (int round = 0; round < 50; round++) {
      for (int i = 0; i < 3; i++) {
        assertTrue(ring.offer((byte) next++));
      }
      assertEquals(3, ring.drain(out, 2, 6));
      for (int i = 0; i < 3; i++) {
        assertEquals((byte) expected++, out[2 + i]);
      }
    }
    assertEquals(50, dataCalls);
    assertEquals(0, ring.drain(out, 0, 8));
  }

  @Test
  void refusedProducerIsCalledOnceHalfIsFree() {
    ring.setSpaceListener(() -> spaceCalls++);
    for (int i = 0; i < 5; i++) {
      assertTrue(ring.offer((byte) i));
    }
    assertFalse(ring.offer((byte) 5));
    byte[] out = new byte[5];
    ring.drain(out, 0, 2);
    assertEquals(0, spaceCalls);
    ring.drain(out, 0, 1);
    ring.drain(out, 0, 2);
    assertEquals(1, spaceCalls);
    assertEquals(0, ring.size());
  }

  @Test
  void impossibleCapacityIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> new OutputRing(0, () -> {}));
  }

  @Test
  void aSlowReaderLosesNothingOfAnInterruptDrivenWriter() throws InterruptedException {
    Semaphore data = new Semaphore(0);
    OutputRing small = new OutputRing(7, data::release);
    Semaphore edges = new Semaphore(0);
    Serial16550 uart =
        new Serial16550(
            new org.vivarium.devices.bus.InterruptLine() {
              @Override
              public void setLevel(boolean asserted) {
                throw new AssertionError("The serial port is edge-triggered");
              }

              @Override
              public void pulse() {
                edges.release();
              }
            },
            small,
            16);
    small.setSpaceListener(uart::outputReady);
    int total = 20_000;
    Thread guest = Thread.ofPlatform().start(() -> sendByInterrupt(uart, edges, total));

    byte[] out = new byte[3];
    int received = 0;
    while (received < total) {
      data.acquire();
      int moved;
      while ((moved = small.drain(out, 0, 3)) > 0) {
        for (int i = 0; i < moved; i++) {
          assertEquals((byte) received++, out[i]);
        }
      }
    }
    guest.join();
    assertEquals(0, uart.droppedOutput());
  }

  private static void sendByInterrupt(Serial16550 uart, Semaphore edges, int total) {
    uart.write(2, 1, 1);
    uart.write(4, 1, 0x0b);
    uart.write(1, 1, 2);
    int next = 0;
    while (next < total) {
      edges.acquireUninterruptibly();
      while ((uart.read(2, 1) & 1) == 0) {
        if ((uart.read(5, 1) & 0x20) != 0) {
          for (int i = 0; i < 16 && next < total; i++) {
            uart.write(0, 1, next++ & 0xff);
          }
        }
        if (next == total) {
          uart.write(1, 1, 0);
        }
      }
    }
  }
}
