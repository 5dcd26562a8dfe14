package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class I8042Test {
  private int resets;
  private final I8042 controller = new I8042(() -> resets++);

  private int status() {
    return (int) controller.read(4, 1) & 0xff;
  }

  private int command(int command) {
    controller.write(4, 1, command);
    assertEquals(1, status() & 1, "no answer to command " + command);
    int answer = (int) controller.read(0, 1) & 0xff;
    assertEquals(0, status() & 1);
    return answer;
  }

  @Test
  void linuxProbeFindsAControllerWithoutAuxiliaryPort() {
    assertEquals(0, status() & 1, "i8042_flush");
    int configuration = command(0x20);
    controller.write(4, 1, 0x60);
    controller.write(0, 1, (configuration & ~0x03) | 0x10);
    assertEquals((configuration & ~0x03) | 0x10, command(0x20));
    assertEquals(0x55, command(0xaa));
    assertEquals(0, command(0xab));

    controller.write(4, 1, 0xd3);
    controller.write(0, 1, 0x5a);
    assertEquals(0x01, status() & 0x21, "the answer to AUX_LOOP must not be marked as AUX data");
    assertEquals(0x5a, controller.read(0, 1) & 0xff);
    assertEquals(1, command(0xa9), "the auxiliary port must fail its test");
    controller.write(4, 1, 0xa7);
    assertEquals(0x20, command(0x20) & 0x20);
    controller.write(4, 1, 0xa8);
    assertEquals(0, command(0x20) & 0x20);
    assertEquals(0, resets);
  }

  @Test
  void bytesForAKeyboardGetNoAnswerAndNeverFillTheInputBuffer() {
    for (int value = 0; value < 256; value++) {
      controller.write(0, 1, value);
      assertEquals(0, status() & 0x03);
    }
  }

  @Test
  void rebootThroughTheKeyboardControllerAsksForAReset() {
    assertEquals(0, status() & 0x02, "kb_wait");
    controller.write(4, 1, 0xfe);
    assertEquals(1, resets);
    controller.write(4, 1, 0xff);
    controller.write(4, 1, 0xfd);
    assertEquals(1, resets);
  }

  @Test
  void outputPortWithoutItsResetBitAsksForAReset() {
    controller.write(4, 1, 0xd1);
    controller.write(0, 1, 0xdf);
    assertEquals(0, resets);
    controller.write(4, 1, 0xd1);
    controller.write(0, 1, 0x02);
    assertEquals(1, resets);
    assertTrue((command(0xd0) & 1) != 0);
  }

  @Test
  void portsBetweenAreNotAnswered() {
    for (int offset = 1; offset <= 3; offset++) {
      assertEquals(0xff, controller.read(offset, 1) & 0xff);
      controller.write(offset, 1, 0xfe);
    }
    assertEquals(0, resets);
  }
}
