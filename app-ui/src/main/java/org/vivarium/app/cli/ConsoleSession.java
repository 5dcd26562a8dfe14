package org.vivarium.app.cli;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;
import org.vivarium.vmm.client.Notification;

/** A view of a running machine's console in this terminal, until the person or the machine ends. */
final class ConsoleSession {
  /** How long the machine's last word is waited for once its console has ended. */
  private static final long LAST_WORD_SECONDS = 5;

  private final Shell shell;
  private final MachineConnection machine;
  private final CompletableFuture<Notification.Disconnected> end = new CompletableFuture<>();
  private final int lines;
  private volatile boolean left;

  /**
   * @param lines how many of the lines shown before, or {@link ConsoleView#ALL}
   */
  ConsoleSession(Shell shell, MachineConnection machine, int lines) {
    this.shell = shell;
    this.machine = machine;
    this.lines = lines;
  }

  /**
   * Shows the console and types into it.
   *
   * @return the exit status, one of {@link ExitStatus}
   */
  int run(Console which) throws VmmException, InterruptedException {
    boolean typed = shell.tty().isTerminal(Terminal.STANDARD_INPUT);
    machine.subscribe(this::heard);
    try (ConsoleConnection console = machine.openConsole(which)) {
      if (typed) {
        shell.note("Ctrl-] leaves the console; the machine runs on.");
      }
      try (Tty.@Nullable Raw _ = typed ? shell.tty().raw() : null;
          WindowWatch _ = WindowWatch.start(shell.tty(), console::resize)) {
        new ConsoleInput(shell.in(), receiver(console), typed).start();
        show(console);
      }
    }
    if (left) {
      shell.note("");
      shell.note("Machine %s runs on.".formatted(machine.name()));
      return ExitStatus.OK;
    }
    return ended();
  }

  private void heard(Notification notification) {
    if (notification instanceof Notification.Disconnected last) {
      end.complete(last);
    }
  }

  private ConsoleInput.Receiver receiver(ConsoleConnection console) {
    return new ConsoleInput.Receiver() {
      @Override
      public void type(byte[] bytes, int length) throws IOException {
        console.write(bytes, 0, length);
      }

      @Override
      public void leave() {
        left = true;
        console.close();
      }
    };
  }

  private void show(ConsoleConnection console) throws VmmException {
    try {
      new ConsoleView(shell.out(), lines).show(console);
    } catch (IOException e) {
      if (!left) {
        throw new VmmException(
            "The console of %s was cut off: %s.".formatted(machine.name(), Failures.reason(e)), e);
      }
    }
  }

  private int ended() throws InterruptedException {
    try {
      Notification.Disconnected last = end.get(LAST_WORD_SECONDS, TimeUnit.SECONDS);
      shell.note(last.why());
      return last.asked() ? ExitStatus.OK : ExitStatus.GUEST_FAILED;
    } catch (TimeoutException | ExecutionException _) {
      shell.note("Machine %s no longer shows its console.".formatted(machine.name()));
      return ExitStatus.FAILED;
    }
  }
}
