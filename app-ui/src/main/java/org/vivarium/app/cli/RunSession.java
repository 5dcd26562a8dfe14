package org.vivarium.app.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.oci.GuestOutput;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;

/** A machine that runs one process, from its start to its end. */
final class RunSession {
  private static final Duration FOREVER = Duration.ofDays(36_500);

  private final Engines.Selection selection;
  private final MachineConfig config;
  private final boolean terminal;
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
  private final GuestOutput output = new GuestOutput(this::print);
  private final PrintStream err = System.err;
  private @Nullable IOException outputLost;

  /**
   * @param terminal whether a person types into the process
   */
  RunSession(Engines.Selection selection, MachineConfig config, boolean terminal) {
    this.selection = selection;
    this.config = config;
    this.terminal = terminal;
  }

  /**
   * Runs the machine to its end.
   *
   * @return the process's exit status, or one that says why there is none
   */
  int run() throws VmmException, InterruptedException, KvmException {
    try (VirtualMachine machine =
        selection.engine().create(config, this::console, RunSession::heard)) {
      Thread atExit = Thread.ofPlatform().unstarted(machine::kill);
      Runtime.getRuntime().addShutdownHook(atExit);
      try (@Nullable Terminal _ = terminal ? Terminal.openRaw(Terminal.STANDARD_INPUT) : null) {
        machine.start();
        if (terminal) {
          new ConsoleInput(System.in, new MachineKeyboard(machine, BootConsole.SERIAL), true)
              .start();
        }
        return ended(machine.await(FOREVER).orElseThrow());
      } finally {
        removeHook(atExit);
      }
    }
  }

  private synchronized int ended(Outcome outcome) {
    OptionalInt status = output.end();
    if (outputLost != null) {
      err.println("The process's output could not be written: " + outputLost.getMessage() + ".");
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

  private synchronized void console(byte[] bytes, int offset, int length) {
    output.write(bytes, offset, length);
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
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The process is ending, and the hook at work.
      return;
    }
  }
}
