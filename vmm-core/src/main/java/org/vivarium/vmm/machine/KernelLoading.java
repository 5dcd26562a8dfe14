package org.vivarium.vmm.machine;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.acpi.AcpiMachine;
import org.vivarium.vmm.acpi.AcpiTables;
import org.vivarium.vmm.boot.BootTarget;
import org.vivarium.vmm.boot.EntryState;
import org.vivarium.vmm.boot.KernelLoader;
import org.vivarium.vmm.config.BootSource;

/**
 * The filling of a guest's memory, on a thread of its own: KVM_CREATE_VM waits meanwhile until
 * every processor of the host has passed a quiescent state (RCU), some milliseconds. Used by one
 * thread, which closes this before it gives the memory back.
 */
final class KernelLoading implements AutoCloseable {
  private final FutureTask<EntryState> task;

  private KernelLoading(FutureTask<EntryState> task) {
    this.task = task;
  }

  /**
   * Begins to load the kernel and to write the ACPI tables.
   *
   * @param target guest memory, which is this loading's until it is closed
   */
  static KernelLoading begin(BootSource source, BootTarget target, AcpiMachine machine) {
    FutureTask<EntryState> task =
        new FutureTask<>(
            () -> {
              EntryState entry = KernelLoader.load(source, target);
              AcpiTables.write(target.memory(), machine);
              return entry;
            });
    Thread.ofPlatform().name("vm-loading").daemon().start(task);
    return new KernelLoading(task);
  }

  /**
   * Waits for the end of it.
   *
   * @return what the first processor starts with
   * @throws InvalidConfigException if a file is not what it should be or does not fit
   */
  EntryState await() throws InvalidConfigException, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case InvalidConfigException bad -> throw bad;
        case RuntimeException defect -> throw defect;
        case Error error -> throw error;
        case null, default -> throw new IllegalStateException(e);
      }
    }
  }

  /** Waits for the end of it, whatever that is. */
  @Override
  public void close() {
    boolean interrupted = false;
    while (!task.isDone()) {
      try {
        task.get();
      } catch (ExecutionException _) {
        return; // Nobody wants to know any more.
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
