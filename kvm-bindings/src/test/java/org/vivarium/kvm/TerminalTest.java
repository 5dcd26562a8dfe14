package org.vivarium.kvm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class TerminalTest {
  private static final int ENOTTY = 25;
  private static final byte CTRL_C = 3;
  private static final byte CTRL_S = 0x13;
  private static final byte CTRL_RIGHT_BRACKET = 0x1D;

  @Test
  void onlyATerminalIsOne() throws Exception {
    try (PseudoTerminal pty = new PseudoTerminal();
        EventFd event = EventFd.create()) {
      assertTrue(Terminal.isTerminal(pty.terminal));
      assertFalse(Terminal.isTerminal(event.fd()));
      assertFalse(Terminal.isTerminal(-1));
    }
  }

  @Test
  void rawModeGivesEveryKeyAtOnceAndUnchanged() throws Exception {
    try (PseudoTerminal pty = new PseudoTerminal();
        Terminal _ = Terminal.openRaw(pty.terminal)) {
      byte[] keys = {
        'a', '\r', CTRL_C, CTRL_S, 4, 0x7F, (byte) 0xC3, (byte) 0xA4, CTRL_RIGHT_BRACKET
      };

      pty.type(keys);

      assertArrayEquals(keys, pty.read());
    }
  }

  @Test
  void closeBringsTheLineDisciplineBack() throws Exception {
    try (PseudoTerminal pty = new PseudoTerminal()) {
      Terminal.openRaw(pty.terminal).close();

      pty.type(new byte[] {'a'});
      assertArrayEquals(new byte[0], pty.read(), "no line is finished yet");
      pty.type(new byte[] {'\r'});

      assertArrayEquals(new byte[] {'a', '\n'}, pty.read());
    }
  }

  @Test
  void closingTwiceRestoresOnce() throws Exception {
    try (PseudoTerminal pty = new PseudoTerminal()) {
      Terminal first = Terminal.openRaw(pty.terminal);
      first.close();
      try (Terminal _ = Terminal.openRaw(pty.terminal)) {
        first.close();

        pty.type(new byte[] {'\r'});

        assertArrayEquals(new byte[] {'\r'}, pty.read());
      }
    }
  }

  @Test
  void sizeIsWhatTheWindowSays() throws Exception {
    try (PseudoTerminal pty = new PseudoTerminal()) {
      assertEquals(Optional.empty(), Terminal.size(pty.terminal));

      pty.resize(132, 50);

      assertEquals(Optional.of(new Terminal.Size(132, 50)), Terminal.size(pty.terminal));
    }
  }

  @Test
  void fileIsNoTerminal() throws Exception {
    try (EventFd event = EventFd.create()) {
      assertEquals(Optional.empty(), Terminal.size(event.fd()));
      KvmException refusal = assertThrows(KvmException.class, () -> Terminal.openRaw(event.fd()));

      assertEquals(ENOTTY, refusal.errno());
    }
  }
}
