package org.vivarium.app.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class PairedTest {
  private final Paired paired = new Paired();

  @Test
  void ratioIsOfTheRoundsThatBothSidesEnded() {
    paired.put(Side.VIVARIUM, 1, 30);
    paired.put(Side.QEMU, 1, 20);
    paired.put(Side.VIVARIUM, 2, 99);
    paired.put(Side.QEMU, 3, 1);

    assertEquals(List.of(1.5), paired.ratio().orElseThrow().values());
    assertEquals(64.5, paired.of(Side.VIVARIUM).orElseThrow().median());
  }

  @Test
  void sideThatMeasuredNothingHasNothing() {
    paired.put(Side.QEMU, 1, 20);

    assertTrue(paired.of(Side.VIVARIUM).isEmpty());
    assertTrue(paired.ratio().isEmpty());
  }

  @Test
  void secondAttemptReplacesTheFirst() {
    paired.put(Side.QEMU, 1, 20);
    paired.put(Side.QEMU, 1, 40);

    assertEquals(List.of(40.0), paired.of(Side.QEMU).orElseThrow().values());
  }

  @Test
  void sidesBeginInTurn() {
    assertEquals(List.of(Side.VIVARIUM, Side.QEMU), Side.inRound(1));
    assertEquals(List.of(Side.QEMU, Side.VIVARIUM), Side.inRound(2));
  }
}
