package org.vivarium.app.cli;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.oci.GuestOutput;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.ExitHook;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;

/** A machine that runs one process, from its start to its end. */
final class RunSession {
  private static final Duration FOREVER = Duration.ofDays(36_500);

  /** Bytes of the kernel's words that are kept: a panic's and what led to it. */
  private static final int MOST_OF_KERNEL = 64 << 10;

  private final Engines.Selection selection;
  private final MachineConfig config;
  private final boolean terminal;
  private final BootConsole keyboard;
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
  private final GuestOutput output = new GuestOutput(this::print);
  private final PrintStream err = System.err;
  private final boolean serial;
  private final ByteArrayOutputStream kernel = new ByteArrayOutputStream();
  private @Nullable VirtualMachine created;
  private @Nullable IOException outputLost;

  /**
   * @param terminal whether a person types into the process
   */
  RunSession(Engines.Selection selection, MachineConfig config, boolean terminal) {
    this.selection = selection;
    this.config = config;
    this.terminal = terminal;
    this.serial = !config.devices().console();
    this.keyboard = serial ? BootConsole.SERIAL : BootConsole.VIRTIO;
  }

  /**
   * Runs the machine to its end.
   *
   * @return the process's exit status, or one that says why there is none
   */
  int run() throws VmmException, InterruptedException, KvmException {
    try (VirtualMachine machine =
        selection
            .engine()
            .create(
                config, serial ? this::output : this::kernel, this::output, RunSession::heard)) {
      synchronized (this) {
        created = machine;
      }
      try (ExitHook _ = ExitHook.add("machine end", machine::kill);
          @Nullable Terminal _ = terminal ? Terminal.openRaw(Terminal.STANDARD_INPUT) : null;
          @Nullable WindowWatch _ = terminal ? watch(machine) : null) {
        machine.start();
        if (terminal) {
          new ConsoleInput(System.in, new MachineKeyboard(machine, keyboard), true).start();
        }
        return ended(machine.await(FOREVER).orElseThrow());
      }
    }
  }

  private WindowWatch watch(VirtualMachine machine) {
    return WindowWatch.start(
        new HostTty(), (columns, rows) -> keyboard.resize(machine, columns, rows));
  }

  private synchronized int ended(Outcome outcome) {
    OptionalInt status = output.end();
    if (outputLost != null) {
      err.println("The process's output could not be written: " + outputLost.getMessage() + ".");
    }
    if (status.isEmpty()) {
      err.print(kernel.toString(StandardCharsets.UTF_8));
    }
    return switch (outcome) {
      case Outcome.PoweredOff _ -> {
        if (status.isEmpty()) {
          err.println("The machine ended before its process did.");
        }
        yield status.orElse(RunCommand.NOT_RUN);
      }
      case Outcome.Killed _ -> {
        err.println("The machine was turned off.");
        yield RunCommand.NOT_RUN;
      }
      case Outcome.Panicked(String why) -> {
        err.println("The guest's kernel panicked: " + why);
        yield ExitStatus.GUEST_FAILED;
      }
      case Outcome.Failed(String why) -> {
        err.println(why);
        yield RunCommand.NOT_RUN;
      }
    };
  }

  private synchronized void output(byte[] bytes, int offset, int length) {
    output.write(bytes, offset, length);
    VirtualMachine machine = created;
    if (machine != null) {
      output
          .confirmation()
          .map(line -> line.getBytes(StandardCharsets.US_ASCII))
          .ifPresent(line -> machine.virtioInput(line, 0, line.length));
    }
  }

  /** What the kernel says while the process has a way of its own; told if the process fails to. */
  private synchronized void kernel(byte[] bytes, int offset, int length) {
    kernel.write(bytes, offset, Math.min(length, MOST_OF_KERNEL - kernel.size()));
  }

  private void print(byte[] bytes, int offset, int length) {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      // A reader that has gone away is no reason to stop the process; the end tells.
      outputLost = e;
    }
  }

  private static void heard(MachineEvent event) {
    if (event instanceof MachineEvent.Fault(String message)) {
      System.err.println(message);
    } else if (event instanceof MachineEvent.FaultOver(String _, String message)) {
      System.err.println(message);
    }
  }
}
