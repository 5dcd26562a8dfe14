package org.vivarium.app.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.engine.BootStage;

/**
 * Many machines that are started, several at once, and then do nothing: what each costs the host.
 */
final class IdleMachines {
  /** At its prompt a guest still starts services, and a JVM compiles what its start has used. */
  private static final long SETTLE_MILLIS = 60_000;

  private static final long WINDOW_MILLIS = 10_000;
  private static final double PERCENT = 100;

  /**
   * What one machine costs in the mean.
   *
   * @param prompts seconds until all were at their prompts
   * @param own the process without the guest's RAM, KiB
   * @param guest the guest's RAM, KiB
   * @param processor percent of a processor
   */
  record Side(
      double prompts, ProcessMemory.Figures own, ProcessMemory.Figures guest, double processor) {}

  /** Both sides, each with so many machines. */
  record Result(int machines, Side vivarium, Side qemu) {}

  /** So many steps of progress are told on each side. */
  private static final int STEPS = 5;

  private final Workload workload;
  private final int count;
  private final int atOnce;
  private final PrintStream progress;

  /**
   * @param count machines on each side
   * @param atOnce that many start at once; each further one when one of them has reached its prompt
   * @param progress hears how many are at their prompts
   */
  IdleMachines(Workload workload, int count, int atOnce, PrintStream progress) {
    this.workload = workload;
    this.count = count;
    this.atOnce = Math.min(atOnce, count);
    this.progress = progress;
  }

  /** Ours, each in a VM process with its sockets, console log and metrics. */
  Side ours() throws BenchException, VmmException, InterruptedException {
    try (Starts starts = new Starts(workload);
        ExecutorService threads = Executors.newFixedThreadPool(atOnce)) {
      AtomicInteger ready = new AtomicInteger();
      List<Callable<Long>> work = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        String name = "idle-" + i;
        starts.create(name);
        work.add(
            () -> {
              try (MachineConnection machine = starts.start(name)) {
                Starts.await(machine, BootStage.PROMPT, atOnce - 1);
                atPrompt("Vivarium", ready.incrementAndGet());
                return machine.status().pid();
              }
            });
      }
      long begun = System.nanoTime();
      List<Long> pids = new ArrayList<>();
      for (Future<Long> started : threads.invokeAll(work)) {
        pids.add(started.get());
      }
      return look(pids, System.nanoTime() - begun);
    } catch (ExecutionException e) {
      throw new BenchException("Not all machines reached their prompts: " + e.getMessage(), e);
    }
  }

  /** QEMU's. */
  Side qemus(Children children, String program) throws BenchException, InterruptedException {
    List<Child> running = new ArrayList<>();
    try {
      long begun = System.nanoTime();
      for (int i = 0; i < count + atOnce; i++) {
        if (i >= atOnce) {
          running.get(i - atOnce).await(Child.PROMPT);
          atPrompt("QEMU", i - atOnce + 1);
        }
        if (i < count) {
          running.add(children.start(QemuMicrovm.commandLine(program, workload, Map.of())));
        }
      }
      return look(running.stream().map(Child::pid).toList(), System.nanoTime() - begun);
    } finally {
      running.forEach(Child::close);
    }
  }

  private void atPrompt(String side, int ready) {
    if (ready % Math.max(1, count / STEPS) == 0) {
      progress.printf("%s: %d of %d machines at their prompts.%n", side, ready, count);
    }
  }

  private Side look(List<Long> pids, long nanosToPrompts)
      throws BenchException, InterruptedException {
    Thread.sleep(SETTLE_MILLIS);
    long ticks = ticks(pids);
    long begun = System.nanoTime();
    Thread.sleep(WINDOW_MILLIS);
    double seconds = (System.nanoTime() - begun) / (double) TimeUnit.SECONDS.toNanos(1);
    double used = (ticks(pids) - ticks) / (double) ProcessCpu.TICKS_A_SECOND;
    ProcessMemory.Figures own = ProcessMemory.Figures.NONE;
    ProcessMemory.Figures guest = ProcessMemory.Figures.NONE;
    for (long pid : pids) {
      ProcessMemory memory = ProcessMemory.of(pid, workload.memoryMib());
      own = own.plus(memory.own());
      guest = guest.plus(memory.guest());
    }
    return new Side(
        nanosToPrompts / 1e9,
        own.over(pids.size()),
        guest.over(pids.size()),
        PERCENT * used / seconds / pids.size());
  }

  private static long ticks(List<Long> pids) throws BenchException {
    long sum = 0;
    for (long pid : pids) {
      sum += ProcessCpu.ticks(pid);
    }
    return sum;
  }
}
