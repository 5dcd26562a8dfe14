package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.vivarium.devices.bus.InterruptLine;

class AcpiGpeTest {
  private boolean asserted;
  private final AcpiGpe block =
      new AcpiGpe(
          new InterruptLine() {
            @Override
            public void setLevel(boolean level) {
              asserted = level;
            }

            @Override
            public void pulse() {
              throw new AssertionError("The line is level-triggered");
            }
          });

  @Test
  void enabledEventAssertsTheLineUntilItsStatusIsCleared() {
    block.write(2, 2, 1 << 1);
    block.raise(1);
    assertTrue(asserted);
    assertEquals(0x0002_0002, block.read(0, 4));

    block.write(0, 2, 1 << 1);
    assertFalse(asserted);
    assertEquals(0, block.read(0, 2));
  }

  @Test
  void eventThatIsNotEnabledWaits() {
    block.raise(15);
    assertFalse(asserted);

    block.write(3, 1, 0x80);
    assertTrue(asserted);
  }

  @Test
  void accessPastTheBlockDoesNothing() {
    block.write(2, 8, -1);
    assertEquals(0xFFFF, block.read(2, 2));
    assertEquals(0xFF, block.read(4, 1));
    assertThrows(IllegalArgumentException.class, () -> block.raise(16));
  }
}
