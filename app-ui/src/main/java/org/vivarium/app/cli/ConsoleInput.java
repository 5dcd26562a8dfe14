package org.vivarium.app.cli;

import java.io.IOException;
import java.io.InputStream;

/** Carries what is typed to a console, on a thread of its own; Ctrl-] leaves. */
final class ConsoleInput {
  /** Ctrl-], as telnet and {@code virsh console} have it. */
  private static final byte ESCAPE = 0x1D;

  /** Whom the typing is for. */
  interface Receiver {
    /**
     * Takes all of it; a guest that reads slowly holds up who types, no more.
     *
     * @throws IOException if the console is gone
     */
    void type(byte[] bytes, int length) throws IOException;

    /** The person has left; nothing more is typed. */
    void leave();
  }

  private final InputStream in;
  private final Receiver receiver;
  private final boolean terminal;

  /**
   * @param terminal whether a person types: Ctrl-] is then not the guest's
   */
  ConsoleInput(InputStream in, Receiver receiver, boolean terminal) {
    this.in = in;
    this.receiver = receiver;
    this.terminal = terminal;
  }

  void start() {
    Thread.ofPlatform().name("console-input").daemon().start(this::carry);
  }

  private void carry() {
    byte[] buffer = new byte[4096];
    try {
      for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
        int end = terminal ? indexOfEscape(buffer, length) : length;
        receiver.type(buffer, end);
        if (end < length) {
          receiver.leave();
          return;
        }
      }
    } catch (IOException e) {
      // Standard input or the console is gone: the guest goes on without what was typed.
      return;
    }
  }

  private static int indexOfEscape(byte[] bytes, int length) {
    for (int i = 0; i < length; i++) {
      if (bytes[i] == ESCAPE) {
        return i;
      }
    }
    return length;
  }
}
