package org.vivarium.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.locks.LockSupport;
import org.vivarium.vmm.engine.VirtualMachine;

/** Carries what is typed to a machine's console, on a thread of its own; Ctrl-] leaves. */
final class ConsoleInput {
  /** Ctrl-], as telnet and {@code virsh console} have it. */
  private static final byte ESCAPE = 0x1D;

  private static final long RETRY_NANOS = 5_000_000;

  private final InputStream in;
  private final VirtualMachine machine;
  private final boolean terminal;

  /**
   * @param terminal whether a person types: Ctrl-] is then not the guest's
   */
  ConsoleInput(InputStream in, VirtualMachine machine, boolean terminal) {
    this.in = in;
    this.machine = machine;
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
        give(buffer, end);
        if (end < length) {
          machine.kill();
          return;
        }
      }
    } catch (IOException e) {
      // Standard input is gone: the guest goes on without it.
      return;
    }
  }

  /** Offers bytes until all are taken: a guest that reads slowly holds up who types, no more. */
  private void give(byte[] bytes, int length) {
    for (int done = 0; done < length && !machine.state().isEnd(); ) {
      int taken = machine.input(bytes, done, length - done);
      done += taken;
      if (taken == 0) {
        LockSupport.parkNanos(this, RETRY_NANOS);
      }
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
