package org.vivarium.app.cli;

import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.VirtualMachine;

/** Which of a guest's consoles is in this terminal. */
enum BootConsole {
  /** The serial port, which every guest has. */
  SERIAL("ttyS0") {
    @Override
    int input(VirtualMachine machine, byte[] bytes, int offset, int length) {
      return machine.input(bytes, offset, length);
    }

    @Override
    void resize(VirtualMachine machine, int columns, int rows) {
      // A serial port has no word for it.
    }
  },

  /** The virtio console, which is faster and knows the size of the terminal. */
  VIRTIO("hvc0") {
    @Override
    int input(VirtualMachine machine, byte[] bytes, int offset, int length) {
      return machine.virtioInput(bytes, offset, length);
    }

    @Override
    void resize(VirtualMachine machine, int columns, int rows) throws VmmException {
      machine.resizeConsole(columns, rows);
    }
  };

  private final String device;

  BootConsole(String device) {
    this.device = device;
  }

  /**
   * The console that Linux calls so.
   *
   * @throws InvalidConfigException if there is none of that name
   */
  static BootConsole named(String device) throws InvalidConfigException {
    for (BootConsole console : values()) {
      if (console.device.equals(device)) {
        return console;
      }
    }
    throw new InvalidConfigException(
        "Option --console: '%s' is not known; choose ttyS0 or hvc0.".formatted(device));
  }

  /**
   * A kernel command line whose shell is on this console. The serial port keeps the kernel's
   * messages: those before the driver of the other is there, and a panic's.
   */
  String addTo(String commandLine) {
    return this == SERIAL ? commandLine : commandLine + " console=" + device;
  }

  /** Types; returns how many bytes the guest took. */
  abstract int input(VirtualMachine machine, byte[] bytes, int offset, int length);

  /** Tells the guest how large this terminal is, where its console can know. */
  abstract void resize(VirtualMachine machine, int columns, int rows) throws VmmException;
}
