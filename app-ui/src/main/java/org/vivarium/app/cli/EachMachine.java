package org.vivarium.app.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.vivarium.vmm.VmmException;

/** Does the same to several machines; one that fails does not spare the others. */
final class EachMachine {
  /** What is done to each. */
  @FunctionalInterface
  interface Action {
    /**
     * @return the exit status, one of {@link ExitStatus}
     */
    int on(String name) throws VmmException, InterruptedException;
  }

  private EachMachine() {}

  /**
   * One after the other.
   *
   * @return the highest exit status
   */
  static int inTurn(Shell shell, Collection<String> names, Action action)
      throws InterruptedException {
    int status = ExitStatus.OK;
    for (String name : new LinkedHashSet<>(names)) {
      status = Math.max(status, one(shell, name, action));
    }
    return status;
  }

  /**
   * All at once, for what takes a guest's time.
   *
   * @return the highest exit status
   */
  static int together(Shell shell, Collection<String> names, Action action)
      throws InterruptedException {
    int status = ExitStatus.OK;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> running = new ArrayList<>();
      for (String name : new LinkedHashSet<>(names)) {
        running.add(threads.submit(() -> one(shell, name, action)));
      }
      for (Future<Integer> future : running) {
        status = Math.max(status, future.get());
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("A machine's thread failed", e.getCause());
    }
    return status;
  }

  private static int one(Shell shell, String name, Action action) throws InterruptedException {
    try {
      return action.on(name);
    } catch (VmmException e) {
      PrintWriter err = new PrintWriter(shell.err(), true, shell.err().charset());
      return Failures.tell(e, err);
    }
  }
}
