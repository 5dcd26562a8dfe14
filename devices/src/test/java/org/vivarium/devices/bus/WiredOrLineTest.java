package org.vivarium.devices.bus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WiredOrLineTest {
  @Test
  void lineIsAssertedWhileAnySourceIs() {
    FakeInterruptLine line = new FakeInterruptLine();
    WiredOrLine shared = new WiredOrLine(line);
    InterruptLine first = shared.newInput();
    InterruptLine second = shared.newInput();

    first.setLevel(true);
    first.setLevel(true);
    second.setLevel(true);
    first.setLevel(false);
    assertTrue(line.level());
    second.setLevel(false);
    second.setLevel(false);
    assertFalse(line.level());
    first.setLevel(true);
    assertTrue(line.level());
    assertEquals(3, line.changes());
  }
}
