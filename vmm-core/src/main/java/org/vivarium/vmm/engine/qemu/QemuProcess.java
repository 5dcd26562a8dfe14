package org.vivarium.vmm.engine.qemu;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.engine.qemu.QemuLocator.Found;

/**
 * A QEMU process that cannot outlive this one.
 *
 * <p>QEMU itself has no option to die with its parent. {@code setpriv --pdeathsig KILL} has the
 * kernel kill it when the <em>thread</em> that started it ends (prctl(2), PR_SET_PDEATHSIG), so a
 * thread of its own starts it and stays until it has ended. This process might die between fork and
 * prctl, unnoticed; a shell that compares its parent with the expected one closes that gap.
 *
 * <p>Any thread may call any method.
 */
final class QemuProcess {
  private static final String ONLY_IF_PARENT_LIVES = "[ \"$PPID\" = \"$0\" ] && exec \"$@\"";
  private static final long MILLIS_FOR_LAST_WORDS = 1000;

  private final Thread owner;
  private final Process process;
  private final CompletableFuture<Integer> exited;
  private final ErrorTail errors;
  private final Thread errorsReader;

  private QemuProcess(
      String name, Thread owner, Process process, CompletableFuture<Integer> exited) {
    this.owner = owner;
    this.process = process;
    this.exited = exited;
    errors = new ErrorTail(process.getErrorStream());
    errorsReader = Thread.ofPlatform().name(name + " errors").daemon().start(errors);
  }

  /**
   * Starts QEMU.
   *
   * @param name the machine's, for threads
   * @param arguments QEMU's, without the program
   * @throws VmmException if the host cannot start it
   */
  static QemuProcess start(String name, Found found, List<String> arguments) throws VmmException {
    ProcessBuilder builder = new ProcessBuilder(bound(found, arguments));
    CompletableFuture<Process> started = new CompletableFuture<>();
    CompletableFuture<Integer> exited = new CompletableFuture<>();
    Thread owner =
        Thread.ofPlatform()
            .name(name + " owner")
            .daemon()
            .start(() -> own(builder, started, exited));
    try {
      return new QemuProcess(name, owner, started.join(), exited);
    } catch (CompletionException e) {
      throw new VmmException("%s cannot be started.".formatted(found.qemu()), e);
    }
  }

  private static List<String> bound(Found found, List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                found.setpriv().toString(),
                "--pdeathsig",
                "KILL",
                "--no-new-privs",
                "/bin/sh",
                "-c",
                ONLY_IF_PARENT_LIVES,
                Long.toString(ProcessHandle.current().pid()),
                found.qemu().toString()));
    command.addAll(arguments);
    return command;
  }

  /** Must not return before the process has ended, for that would kill it. */
  private static void own(
      ProcessBuilder builder,
      CompletableFuture<Process> started,
      CompletableFuture<Integer> exited) {
    Process process;
    try {
      process = builder.start();
    } catch (IOException | RuntimeException e) {
      started.completeExceptionally(e);
      return;
    }
    started.complete(process);
    exited.complete(process.onExit().join().exitValue());
  }

  /** Standard input and output: the serial console. */
  Process console() {
    return process;
  }

  /** Completed with the exit status when the process has ended. */
  CompletableFuture<Integer> exited() {
    return exited.copy();
  }

  /** Ends the process as kill(1) with SIGKILL does; does not wait. */
  void kill() {
    // Not by the Process, which would close its standard error, last words and all.
    process.toHandle().destroyForcibly();
  }

  /** Ends the process with SIGKILL if it has not ended by itself after a while; does not wait. */
  void killAfter(long seconds) {
    exited()
        .orTimeout(seconds, TimeUnit.SECONDS)
        .whenComplete(
            (_, late) -> {
              if (late != null) {
                kill();
              }
            });
  }

  /** Waits until the threads of an ended process are gone. */
  void join(Duration patience) {
    try {
      owner.join(patience);
      errorsReader.join(patience);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** What an ended process printed last on standard error, as a sentence. */
  String lastWords() {
    try {
      errorsReader.join(MILLIS_FOR_LAST_WORDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return errors.lastLine().orElse("It said nothing about it.");
  }
}
