package org.vivarium.devices.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.pci.TestMachine.TestDevice;
import org.vivarium.devices.pci.TestMachine.Vector;
import org.vivarium.kvm.EventFd;

class MsixTableTest {
  private final TestMachine machine = new TestMachine();
  private final TestDevice device = machine.first;
  private final MsixTable table = device.msix;
  private final int capability = (int) machine.get(1, 0x34, 1);

  private void control(int value) {
    machine.set(1, capability + 2, 2, value);
  }

  private void program(int vector, long address, int data) {
    table.write(vector * 16L, 4, address & 0xffffffffL);
    table.write(vector * 16L + 4, 4, address >>> 32);
    table.write(vector * 16L + 8, 4, data);
  }

  private void mask(int vector, boolean masked) {
    table.write(vector * 16L + 12, 4, masked ? 1 : 0);
  }

  private boolean pending(int vector) {
    long quad = table.read(table.pendingOffset() + vector / 64 * 8L, 8);
    return (quad >>> vector & 1) != 0;
  }

  @Test
  void capabilityNamesTableAndPendingBits() {
    assertEquals(0x11, machine.get(1, capability, 1));
    assertEquals(TestDevice.VECTORS - 1, machine.get(1, capability + 2, 2));
    assertEquals(0, machine.get(1, capability + 4, 4));
    assertEquals(table.pendingOffset(), machine.get(1, capability + 8, 4));
    assertEquals(4096, table.regionSize());
    assertEquals(1, table.read(12, 4), "masked after reset");
  }

  @Test
  void regionHoldsTheTableOfEverySize() {
    for (int count = 1; count <= MsixTable.MAX_VECTORS; count++) {
      MsixTable any = new MsixTable(count, this, i -> new Vector());
      assertTrue(any.pendingOffset() >= count * 16, "table of " + count);
      assertTrue(any.regionSize() - any.pendingOffset() >= (count + 63) / 64 * 8);
      assertEquals(1, Integer.bitCount(any.regionSize()));
    }
  }

  @Test
  void unmaskingMakesOneUpdateWithTheWholeMessage() {
    Vector vector = device.vectors[3];
    control(0x8000);
    program(3, 0x1_fee0_1000L, 0x4031);
    assertEquals(0, vector.updates);
    mask(3, false);
    assertEquals(1, vector.updates);
    assertTrue(vector.deliverable);
    assertEquals(0x1_fee0_1000L, vector.address);
    assertEquals(0x4031, vector.data);

    assertTrue(table.signal(3));
    assertEquals(1, vector.triggers);
    table.write(3 * 16 + 8, 4, 0x4032);
    assertEquals(2, vector.updates);
    assertEquals(0x4032, vector.data);
    table.write(3 * 16 + 8, 4, 0x4032);
    assertEquals(2, vector.updates, "nothing changed");
  }

  @Test
  void signalWhileMaskedIsPendingAndSentOnceWhenUnmasked() {
    control(0x8000);
    program(65, 0xfee00000L, 7);
    assertTrue(table.signal(65));
    assertTrue(table.signal(65));
    assertTrue(pending(65));
    assertFalse(pending(1));
    assertEquals(0, device.vectors[65].triggers);
    mask(65, false);
    assertEquals(1, device.vectors[65].triggers);
    assertFalse(pending(65));
    mask(65, true);
    mask(65, false);
    assertEquals(1, device.vectors[65].triggers);
  }

  @Test
  void eventIsThereExactlyWhileTheVectorIsDeliverableAndEachChangeIsTold() throws Exception {
    List<Boolean> told = new ArrayList<>();
    try (EventFd event = EventFd.create()) {
      device.vectors[2].event = event;
      table.setListener(() -> told.add(table.event(2) != null));
      control(0x8000);
      mask(2, false);
      assertSame(event, table.event(2));
      mask(2, true);
      mask(2, false);
      control(0xc000);
      control(0x8000);
      control(0);

      assertEquals(List.of(false, true, false, true, false, true, false), told);
      assertNull(table.event(2));
      assertNull(table.event(-1));
      assertNull(table.event(0xffff));
    }
  }

  @Test
  void functionMaskHoldsEveryVectorBack() {
    control(0xc000);
    for (int i = 0; i < TestDevice.VECTORS; i++) {
      program(i, 0xfee00000L, i);
      mask(i, false);
      table.signal(i);
      assertTrue(pending(i));
      assertFalse(device.vectors[i].deliverable);
    }
    control(0x8000);
    for (int i = 0; i < TestDevice.VECTORS; i++) {
      assertEquals(1, device.vectors[i].triggers);
      assertFalse(pending(i));
    }
    control(0xc000);
    assertFalse(device.vectors[0].deliverable);
  }

  @Test
  void disabledMsixLeavesInterruptsToIntx() {
    mask(0, false);
    assertFalse(table.signal(0));
    assertFalse(pending(0));
    control(0x8000);
    assertTrue(device.vectors[0].deliverable);
    assertTrue(device.isMsixEnabled());
    control(0);
    assertFalse(device.vectors[0].deliverable);
    assertFalse(table.signal(0));
  }

  @Test
  void vectorsThatTheTableDoesNotHaveAreIgnored() {
    control(0x8000);
    for (int vector : new int[] {-1, TestDevice.VECTORS, 0xffff, Integer.MAX_VALUE}) {
      assertTrue(table.signal(vector));
    }
  }

  @Test
  void quadwordsWriteTwoFieldsAndOtherWidthsNone() {
    control(0x8000);
    table.write(16, 8, 0x1_fee0_0003L);
    table.write(24, 8, 0x22L);
    assertEquals(0x1_fee0_0000L, device.vectors[1].address);
    assertEquals(0x22, device.vectors[1].data);
    assertEquals(1, device.vectors[1].updates);
    table.write(24, 1, 0x33);
    table.write(24, 2, 0x33);
    table.write(26, 4, 0x33);
    table.write(20, 8, -1L);
    table.write(table.pendingOffset(), 8, -1L);
    assertEquals(0x22, table.read(24, 4));
    assertEquals(0x2200, table.read(23, 2));
    assertEquals(0, table.read(table.pendingOffset(), 8));
  }

  @Test
  void resetMasksAndForgetsWhatIsPending() {
    control(0x8000);
    mask(2, false);
    table.signal(4);
    device.reset();
    assertFalse(device.vectors[2].deliverable);
    assertEquals(1, table.read(2 * 16 + 12, 4));
    control(0x8000);
    mask(4, false);
    assertEquals(0, device.vectors[4].triggers);
  }
}
