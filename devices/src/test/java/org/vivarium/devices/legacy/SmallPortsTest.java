package org.vivarium.devices.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The devices of one port. */
class SmallPortsTest {
  private final List<Object> events = new ArrayList<>();

  @Test
  void resetRegisterResetsOnResetCpuOnly() {
    ResetRegister register = new ResetRegister(() -> events.add("reset"));
    register.write(0, 1, 0x02);
    assertEquals(List.of(), events);
    assertEquals(0x02, register.read(0, 1) & 0xff);
    register.write(0, 1, 0x06);
    register.write(0, 1, 0x0e);
    assertEquals(List.of("reset", "reset"), events);
    assertEquals(0x0a, register.read(0, 1) & 0xff);
  }

  @Test
  void debugPortPassesBytesAndAnswersItsNumber() {
    DebugPort port = new DebugPort(events::add);
    port.write(0, 1, 'V');
    port.write(0, 4, 0x12345678);
    assertEquals(List.of((int) 'V', 0x78), events);
    assertEquals(0xe9, port.read(0, 1) & 0xff);
  }

  @Test
  void pvPanicNamesItsEventsAndReportsThem() {
    PvPanic panic = new PvPanic(events::add);
    assertEquals(3, panic.read(0, 1) & 0xff);
    panic.write(0, 1, 1);
    panic.write(0, 1, 2);
    panic.write(0, 1, 0xfc);
    assertEquals(List.of(PvPanic.Event.PANICKED, PvPanic.Event.CRASH_LOADED), events);
  }
}
