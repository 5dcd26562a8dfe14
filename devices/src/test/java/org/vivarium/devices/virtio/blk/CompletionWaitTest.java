package org.vivarium.devices.virtio.blk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class CompletionWaitTest {
  private final CompletionWait wait = new CompletionWait();

  private int waitsOf(int batches, boolean inTime) {
    int waits = 0;
    for (int i = 0; i < batches; i++) {
      if (wait.awaited(4, 16384) > 0) {
        wait.ended(inTime);
        waits++;
      }
    }
    return waits;
  }

  @Test
  void writesThatEndInTimeAreAwaitedEachTime() {
    assertEquals(100, waitsOf(100, true));
  }

  @Test
  void readsAndLargeWritesAreNotAwaited() {
    assertEquals(0, wait.awaited(0, 0));
    assertEquals(0, wait.awaited(1, 1 << 20));
  }

  @Test
  void waitingInVainBecomesRare() {
    assertTrue(waitsOf(2_000, false) <= 12);
    assertEquals(10, waitsOf(10 * 1025, false), 1);
  }

  @Test
  void fastDiskIsAwaitedAgain() {
    waitsOf(10_000, false);
    waitsOf(2_000, true);

    assertEquals(100, waitsOf(100, true));
  }
}
