package org.vivarium.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.LocalMachines;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.BootStage;
import org.vivarium.vmm.process.JavaLauncher;

/**
 * Machines of our own with processes of their own, in a folder that goes with them, started as
 * {@code vivarium start} and the desktop do it. One thread.
 */
final class Starts implements AutoCloseable {
  private static final Set<MachineSummary.State> RUNNING =
      EnumSet.of(MachineSummary.State.STARTING, MachineSummary.State.RUNNING);

  /** More patience for each machine that starts at the same time. */
  private static final int SECONDS_FOR_EACH = 30;

  private static final long LOOK_MILLIS = 100;

  /** A process that is getting ready is ready when it has not used its processor for so long. */
  private static final long QUIET_MILLIS = 1_000;

  private static final long ANY = 0;

  private final Workload workload;
  private final Path home;
  private final JavaLauncher launcher = JavaLauncher.likeThisProcess();
  private final LocalMachines machines;
  private final List<String> names = new ArrayList<>();

  Starts(Workload workload) throws BenchException {
    this.workload = workload;
    try {
      home = Files.createTempDirectory("vivarium-bench");
    } catch (IOException e) {
      throw new BenchException("No folder for the bench's machines can be made.", e);
    }
    machines = new LocalMachines(new Folders(home), launcher);
  }

  /** Makes a machine that is off. */
  void create(String name) throws VmmException {
    GuestSource guest =
        new GuestSource.Kernel(workload.kernel(), workload.initrd(), workload.commandLine());
    machines.create(
        new VmDefinition(name, "", 1, workload.memoryMib(), "kvm", guest, DeviceSet.NONE, false));
    names.add(name);
  }

  /** Starts a machine; returns when it runs. */
  MachineConnection start(String name) throws VmmException {
    return machines.start(name, (_, _) -> {});
  }

  /** Starts a machine and turns it off: milliseconds from asking to its first instruction. */
  double coldMillis(String name) throws BenchException, VmmException, InterruptedException {
    launcher.forget();
    return millis(name, ANY);
  }

  /**
   * As {@link #coldMillis}, with the process that is ready.
   *
   * @param pid the process
   * @throws BenchException if it was not used
   */
  double readyMillis(String name, long pid)
      throws BenchException, VmmException, InterruptedException {
    return millis(name, pid);
  }

  private double millis(String name, long pid)
      throws BenchException, VmmException, InterruptedException {
    try (MachineConnection machine = start(name)) {
      long nanos = await(machine, BootStage.FIRST_INSTRUCTION, 0);
      boolean asExpected = pid == ANY || machine.status().pid() == pid;
      machine.kill();
      if (!asExpected) {
        throw new BenchException("The process that was ready was not used.");
      }
      return nanos / 1e6;
    }
  }

  /**
   * Has the process of a machine ready, which has run before.
   *
   * @return its number
   */
  long prepare(String name) throws VmmException, BenchException, InterruptedException {
    machines.prepare(name);
    long pid =
        launcher
            .prepared()
            .orElseThrow(() -> new BenchException("No process of a machine could be made ready."));
    long quietSince = System.nanoTime();
    long end = quietSince + Children.PATIENCE.toNanos();
    long used = ProcessCpu.ticks(pid);
    while (System.nanoTime() - quietSince < TimeUnit.MILLISECONDS.toNanos(QUIET_MILLIS)) {
      Thread.sleep(LOOK_MILLIS);
      long now = ProcessCpu.ticks(pid);
      if (now != used) {
        used = now;
        quietSince = System.nanoTime();
      }
      if (System.nanoTime() - end > 0) {
        throw new BenchException("The process that is to be ready does not come to rest.");
      }
    }
    return pid;
  }

  /**
   * Waits for a stage of a boot.
   *
   * @param others machines that start at the same time: with each one more patience, and fewer
   *     questions, which cost them all time
   * @return nanoseconds after the start was asked for
   */
  static long await(MachineConnection machine, BootStage stage, int others)
      throws VmmException, InterruptedException {
    long end =
        System.nanoTime()
            + Children.PATIENCE.plusSeconds((long) SECONDS_FOR_EACH * others).toNanos();
    while (System.nanoTime() - end < 0) {
      Long reached = machine.status().stages().get(stage);
      if (reached != null) {
        return reached;
      }
      Thread.sleep(LOOK_MILLIS * (1 + others));
    }
    throw new VmmException("A machine did not reach the stage %s.".formatted(stage));
  }

  /** Ends all and removes their folder. */
  @Override
  public void close() throws VmmException {
    launcher.forget();
    for (String name : names) {
      if (RUNNING.contains(machines.find(name).state())) {
        try (MachineConnection machine = machines.connect(name)) {
          machine.kill();
        }
      }
      machines.delete(name);
    }
    try {
      Files.deleteIfExists(home.resolve("vms"));
      Files.deleteIfExists(home);
    } catch (IOException e) {
      throw new VmmException("The folder %s could not be removed.".formatted(home), e);
    }
  }
}
