package org.vivarium.devices.legacy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vivarium.devices.bus.FakeInterruptLine;

class Serial16550Test {
  private static final int RBR = 0;
  private static final int THR = 0;
  private static final int IER = 1;
  private static final int IIR = 2;
  private static final int FCR = 2;
  private static final int EFR = 2;
  private static final int LCR = 3;
  private static final int MCR = 4;
  private static final int LSR = 5;
  private static final int MSR = 6;
  private static final int SCR = 7;
  private static final int MCR_ON = 0x0b;
  private static final int IIR_NONE = 1;

  private final FakeInterruptLine line = new FakeInterruptLine();
  private final StringBuilder sent = new StringBuilder();
  private int room = Integer.MAX_VALUE;
  private final Serial16550 uart = new Serial16550(line, this::take, 4096);

  private boolean take(byte value) {
    if (room == 0) {
      return false;
    }
    room--;
    sent.append((char) (value & 0xff));
    return true;
  }

  private int in(int register) {
    return (int) uart.read(register, 1) & 0xff;
  }

  private void out(int register, int value) {
    uart.write(register, 1, value);
  }

  private void outAll(String text) {
    text.chars().forEach(c -> out(THR, c));
  }

  private int type(String text) {
    return uart.input(text.getBytes(US_ASCII), 0, text.length());
  }

  /** What Linux does when the port is opened: FIFOs on, IER 5, DTR, RTS and OUT2. */
  private void open() {
    out(FCR, 0x01);
    out(FCR, 0x81);
    out(LCR, 0x03);
    out(MCR, MCR_ON);
    out(IER, 0x05);
  }

  /** serial8250_interrupt with one port: passes until IIR reports nothing. */
  private List<Integer> handleInterrupt(StringBuilder read, StringBuilder toSend) {
    List<Integer> sources = new ArrayList<>();
    while (true) {
      int iir = in(IIR);
      if ((iir & IIR_NONE) != 0) {
        return sources;
      }
      sources.add(iir & 0x0f);
      assertTrue(sources.size() < 512, "The interrupt does not go away");
      int status = in(LSR);
      while ((status & 0x1) != 0) {
        read.append((char) in(RBR));
        status = in(LSR);
      }
      in(MSR);
      if ((status & 0x20) != 0) {
        for (int i = 0; i < 16 && !toSend.isEmpty(); i++) {
          out(THR, toSend.charAt(0));
          toSend.deleteCharAt(0);
        }
        if (toSend.isEmpty()) {
          out(IER, in(IER) & ~0x02);
        }
      }
    }
  }

  @Test
  void linuxAutoconfigFindsA16550A() {
    int savedMcr = in(MCR);
    int savedLcr = in(LCR);

    int scratch = in(IER);
    out(IER, 0);
    assertEquals(0, in(IER) & 0x0f);
    out(IER, 0x0f);
    assertEquals(0x0f, in(IER) & 0x0f);
    out(IER, scratch);

    out(MCR, 0x10 | 0x0a);
    assertEquals(0x90, in(MSR) & 0xf0);
    out(MCR, savedMcr);

    out(LCR, 0xbf);
    out(FCR, 0);
    out(LCR, 0);
    out(FCR, 1);
    assertEquals(3, in(IIR) >> 6);
    autoconfig16550a();
    out(LCR, savedLcr);
    out(FCR, 1);
    out(FCR, 7);
    out(FCR, 0);
    in(RBR);
    assertEquals(0, line.takePulses());
  }

  /** autoconfig_16550a: none of the bigger chips may be recognised. */
  private void autoconfig16550a() {
    out(LCR, 0x80);
    assertNotEquals(0, in(EFR), "an EFR with DLAB: 16650");
    out(LCR, 0xbf);
    assertNotEquals(0, in(EFR), "an EFR: 16650V2");

    out(LCR, 0);
    int mcr = in(MCR);
    out(LCR, 0xe0);
    int excr = in(2);
    assertEquals(0, (excr ^ mcr) & 0x10);
    out(LCR, 0);
    out(MCR, mcr ^ 0x10);
    out(LCR, 0xe0);
    excr = in(2);
    out(LCR, 0);
    out(MCR, mcr);
    assertEquals(0, (excr ^ mcr) & 0x10, "a National SuperIO");

    out(FCR, 1);
    assertEquals(6, in(IIR) >> 5);
    out(FCR, 0);
    out(LCR, 0x80);
    out(FCR, 0x21);
    assertEquals(6, in(IIR) >> 5, "a 16750");
    out(FCR, 0);
    out(LCR, 0);
    out(FCR, 1);

    int ier = in(IER);
    out(IER, ier & ~0x40);
    assertEquals(0, in(IER) & 0x40);
    out(IER, ier | 0x40);
    assertEquals(0, in(IER) & 0x40, "an XScale");
    out(IER, ier);
  }

  @Test
  void loopbackFifoHoldsSixteenBytes() {
    out(FCR, 0x07);
    out(MCR, 0x10);
    for (int i = 0; i < 256; i++) {
      out(THR, i);
    }

    int count = 0;
    while ((in(LSR) & 1) != 0 && count < 256) {
      assertEquals(count, in(RBR));
      count++;
    }
    assertEquals(16, count);
    assertEquals("", sent.toString());
  }

  @Test
  void loopbackWithoutFifosHoldsOneByteAndReportsTheOverrunOnce() {
    out(MCR, 0x10);
    out(THR, 'a');
    out(THR, 'b');

    assertEquals(0x63, in(LSR));
    assertEquals(0x61, in(LSR));
    assertEquals('a', in(RBR));
    assertEquals(0x60, in(LSR));
  }

  @Test
  void thrEmptyInterruptIsReassertedAsLinuxTestsIt() {
    out(MCR, 0x08);
    out(IER, 0x02);
    assertEquals(0x02, in(IIR));
    out(IER, 0);
    out(IER, 0x02);
    assertEquals(0x02, in(IIR), "UART_BUG_THRE");
    out(IER, 0);

    out(IER, 0x02);
    assertEquals(0x60, in(LSR) & 0x60);
    assertEquals(0x02, in(IIR), "UART_BUG_TXEN");
    assertEquals(IIR_NONE, in(IIR));
    assertEquals(3, line.takePulses());
  }

  @Test
  void scratchDivisorAndLineControlKeepWhatIsWritten() {
    out(SCR, 0xa5);
    out(LCR, 0x80);
    out(0, 0x34);
    out(1, 0x12);
    assertEquals(0x34, in(0));
    assertEquals(0x12, in(1));
    out(LCR, 0x1b);
    assertEquals(0x1b, in(LCR));
    assertEquals(0, in(IER));
    assertEquals(0xa5, in(SCR));
  }

  @Test
  void wideAccessIsAccessesOfBytesAndEndsAtTheLastRegister() {
    out(SCR, 0x5a);

    uart.write(THR, 4, 'x');
    assertEquals("x", sent.toString());
    assertEquals(0xffL << 8 | 0x5a, uart.read(SCR, 2) & 0xffff);
    assertEquals(0xb060L, uart.read(LSR, 2) & 0xffff);
    uart.write(SCR, 8, -1L);
    assertEquals(0xff, in(SCR));
  }

  @Test
  void inputInterruptsOnceAndIsReadInOnePass() {
    open();
    assertEquals(5, type("hello"));
    assertEquals(5, type("world"));
    assertEquals(1, line.takePulses());

    StringBuilder read = new StringBuilder();
    List<Integer> sources = handleInterrupt(read, new StringBuilder());

    assertEquals("helloworld", read.toString());
    assertEquals(List.of(0x04), sources);
    assertEquals(0, line.takePulses());
    type("!");
    assertEquals(1, line.takePulses());
    assertEquals(0xcc, in(IIR), "below the trigger level: character time-out");
  }

  @Test
  void everyBurstOfInputReachesTheGuestWhateverItsLength() {
    open();
    StringBuilder read = new StringBuilder();
    StringBuilder typed = new StringBuilder();
    for (int length = 1; length <= 300; length++) {
      String burst = "abcdefghij".repeat(30).substring(0, length);
      typed.append(burst);
      assertEquals(length, type(burst));
      assertEquals(1, line.takePulses());
      handleInterrupt(read, new StringBuilder());
    }
    assertEquals(typed.toString(), read.toString());
    assertEquals(0, uart.waitingInput());
  }

  /** As Firecracker's issue 2177: input that a guest does not take must not fill memory. */
  @Test
  void inputThatDoesNotFitIsRefusedAndNotLost() {
    Serial16550 small = new Serial16550(line, value -> true, 4);

    assertEquals(4, small.input("abcdef".getBytes(US_ASCII), 0, 6));
    assertEquals(0, small.input("ef".getBytes(US_ASCII), 0, 2));
    small.write(IER, 1, 1);
    assertEquals('a', small.read(RBR, 1) & 0xff);
    assertEquals(1, small.input("ef".getBytes(US_ASCII), 0, 2));
    assertEquals(4, small.waitingInput());
  }

  @Test
  void inputBeforeTheGuestListensWaitsForTheDriver() {
    type("typed while it boots");

    linuxAutoconfigFindsA16550A();
    // For its console Linux raises DTR and RTS before the driver starts.
    out(MCR, 0x03);
    out(FCR, 0x07);
    out(FCR, 0);
    in(LSR);
    in(RBR);
    in(IIR);
    in(MSR);
    open();

    assertEquals(1, line.takePulses());
    StringBuilder read = new StringBuilder();
    handleInterrupt(read, new StringBuilder());
    assertEquals("typed while it boots", read.toString());
  }

  @Test
  void firmwareThatOnlyPollsSeesInput() {
    type("k");
    int polls = 0;
    while ((in(LSR) & 1) == 0) {
      polls++;
      assertTrue(polls < 64, "Input never shows");
    }
    assertEquals('k', in(RBR));
    assertEquals(0, line.takePulses());
  }

  @Test
  void transmissionByInterruptSendsEverythingInOrder() {
    open();
    StringBuilder toSend = new StringBuilder("0123456789".repeat(10));

    out(IER, 0x07);
    assertEquals(1, line.takePulses());
    handleInterrupt(new StringBuilder(), toSend);

    assertEquals("0123456789".repeat(10), sent.toString());
    assertEquals(7, line.takePulses(), "one edge for each batch of 16");
    assertEquals(IIR_NONE, in(IIR) & 0x0f);
  }

  @Test
  void driverThatNeverReadsIirGetsAnEdgeForEachLookAtLsr() {
    open();
    out(IER, 0x02);
    assertEquals(1, line.takePulses());
    for (int i = 0; i < 10; i++) {
      assertEquals(0x60, in(LSR));
      out(THR, 'x');
      assertEquals(1, line.takePulses());
    }
  }

  @Test
  void withoutFifosEveryByteSentMakesAnEdge() {
    out(MCR, MCR_ON);
    out(IER, 0x02);
    outAll("abc");
    assertEquals(4, line.takePulses());
  }

  @Test
  void fullOutputClearsThrEmptyUntilItDrains() {
    open();
    out(IER, 0x07);
    in(IIR);
    line.takePulses();
    room = 3;

    outAll("0123456789abcdef");
    assertEquals("012", sent.toString());
    assertEquals(0, in(LSR) & 0x60);
    assertEquals(IIR_NONE, in(IIR) & 0x0f);
    line.takePulses();

    room = 5;
    uart.outputReady();
    assertEquals(0, in(LSR) & 0x60);
    assertEquals(0, line.takePulses());

    room = 100;
    uart.outputReady();
    assertEquals("0123456789abcdef", sent.toString());
    assertEquals(0x60, in(LSR) & 0x60);
    assertEquals(1, line.takePulses());
    assertEquals(0x02, in(IIR) & 0x0f);
    assertEquals(0, uart.droppedOutput());
  }

  @Test
  void writesIntoAFullTransmitterAreDroppedAndCounted() {
    open();
    room = 0;
    outAll("0123456789abcdefXYZ");
    assertEquals(3, uart.droppedOutput());
    room = 100;
    uart.outputReady();
    assertEquals("0123456789abcdef", sent.toString());
  }

  @Test
  void interruptWaitsForOut2() {
    out(MCR, 0x03);
    out(IER, 0x01);
    type("x");
    assertEquals(0, line.takePulses());
    out(MCR, MCR_ON);
    assertEquals(1, line.takePulses());
  }

  @Test
  void interruptsComeByPriority() {
    out(FCR, 1);
    out(MCR, 0x1a);
    out(IER, 0x0f);
    for (int i = 0; i < 17; i++) {
      out(THR, i);
    }
    assertEquals(0x06, in(IIR) & 0x0f);
    in(LSR);
    assertEquals(0x04, in(IIR) & 0x0f);
    for (int i = 0; i < 16; i++) {
      in(RBR);
    }
    assertEquals(0x02, in(IIR) & 0x0f);
    assertEquals(0x00, in(IIR) & 0x0f);
    in(MSR);
    assertEquals(IIR_NONE, in(IIR) & 0x0f);
  }

  @Test
  void resetKeepsWaitingInputOnly() {
    open();
    type("abc");
    uart.reset();
    assertEquals(0, in(IER));
    assertEquals(IIR_NONE, in(IIR));
    assertEquals(3, uart.waitingInput());
  }
}
