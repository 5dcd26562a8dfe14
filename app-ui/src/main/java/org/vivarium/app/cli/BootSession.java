package org.vivarium.app.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.StartTime;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.ExitHook;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.engine.MachineEvent;
import org.vivarium.vmm.engine.Outcome;
import org.vivarium.vmm.engine.VirtualMachine;

/** A machine whose console is this terminal, from its start to its end. */
final class BootSession {
  /**
   * How the machine is run.
   *
   * @param limit how long it may run
   * @param stages how the stages of the boot are told
   * @param console the one that is in this terminal
   */
  record Options(Duration limit, StageReport.Form stages, BootConsole console) {
    /** Longer than anybody waits. */
    static final Duration NO_LIMIT = Duration.ofDays(36_500);
  }

  private final Engines.Selection selection;
  private final MachineConfig config;
  private final Options options;
  private final FileOutputStream out = new FileOutputStream(FileDescriptor.out);
  private final PrintStream err = System.err;
  private final StageReport stages;
  private volatile @Nullable VirtualMachine created;
  private volatile String lineEnd = System.lineSeparator();

  BootSession(Engines.Selection selection, MachineConfig config, Options options) {
    this.selection = selection;
    this.config = config;
    this.options = options;
    // Asked for only where it is told: without the launcher's word it takes the kernel's.
    this.stages =
        new StageReport(options.stages() == StageReport.Form.TABLE ? StartTime.nanoTime() : 0);
  }

  /**
   * Runs the machine to its end.
   *
   * @return the exit status, one of {@link ExitStatus}
   */
  int run() throws VmmException, InterruptedException {
    note(selection.decision().reason());
    selection.decision().remedy().ifPresent(remedy -> note("For hardware speed: " + remedy + "."));
    boolean serial = options.console() == BootConsole.SERIAL;
    try (VirtualMachine machine =
        selection
            .engine()
            .create(config, serial ? this::show : BootSession::drop, this::show, this::heard)) {
      created = machine;
      return run(machine);
    }
  }

  private int run(VirtualMachine machine) throws VmmException, InterruptedException {
    boolean terminal = Terminal.isTerminal(Terminal.STANDARD_INPUT);
    if (terminal) {
      note("Ctrl-] leaves the machine and turns it off.");
    }
    BootConsole console = options.console();
    try (ExitHook _ = ExitHook.add("machine end", machine::kill);
        Tty.@Nullable Raw _ = terminal ? rawTerminal() : null;
        // A serial port has no word for a window's size.
        @Nullable WindowWatch _ =
            console == BootConsole.SERIAL
                ? null
                : WindowWatch.start(
                    new HostTty(), (columns, rows) -> console.resize(machine, columns, rows))) {
      machine.start();
      new ConsoleInput(System.in, new MachineKeyboard(machine, console), terminal).start();
      Optional<Outcome> outcome = machine.await(options.limit());
      if (outcome.isEmpty()) {
        machine.kill();
        note(
            "The guest did not power off within %d s; it was turned off."
                .formatted(options.limit().toSeconds()));
        return ExitStatus.GUEST_FAILED;
      }
      return ended(outcome.get());
    } finally {
      if (options.stages() == StageReport.Form.TABLE) {
        stages.print(err);
      }
    }
  }

  private Tty.Raw rawTerminal() throws VmmException {
    Tty.Raw raw = new HostTty().raw();
    lineEnd = "\r\n";
    return raw;
  }

  private int ended(Outcome outcome) {
    return switch (outcome) {
      case Outcome.PoweredOff _ -> ExitStatus.OK;
      case Outcome.Killed _ -> {
        note("");
        note("The machine was turned off.");
        yield ExitStatus.OK;
      }
      case Outcome.Panicked(String why) -> {
        note("The guest's kernel panicked: " + why);
        yield ExitStatus.GUEST_FAILED;
      }
      case Outcome.Failed(String why) -> {
        note(why);
        yield ExitStatus.FAILED;
      }
    };
  }

  /** The guest's output, as it is. A reader that has gone away is no reason to stop the guest. */
  private void show(byte[] bytes, int offset, int length) {
    try {
      out.write(bytes, offset, length);
    } catch (IOException _) {
      stages.outputLost();
    }
  }

  /** What the serial port says while the terminal shows the other console. */
  private static void drop(byte[] bytes, int offset, int length) {}

  private void heard(MachineEvent event) {
    // No switch: the JVM would make code for its patterns while the machine starts. What is not
    // told here, the end tells.
    if (event instanceof MachineEvent.StageReached(BootStage stage, long when)) {
      reached(stage, when);
    } else if (event instanceof MachineEvent.Restarted(String why)) {
      note("The machine restarts: " + why + ".");
    } else if (event instanceof MachineEvent.Fault(String message)) {
      note(message);
    } else if (event instanceof MachineEvent.FaultOver(String _, String message)) {
      note(message);
    }
  }

  private void reached(BootStage stage, long when) {
    stages.reached(stage, when);
    if (options.stages().atOnce()) {
      VirtualMachine machine = created;
      note(StageReport.line(stage, when, machine == null ? Map.of() : machine.countersAt(stage)));
    }
  }

  private void note(String sentence) {
    err.print(sentence + lineEnd);
    err.flush();
  }
}
