package org.vivarium.vmm.cpu;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.vivarium.devices.bus.Bus;
import org.vivarium.kvm.KvmException;
import org.vivarium.kvm.KvmRun;
import org.vivarium.kvm.KvmStats;
import org.vivarium.kvm.KvmVcpu;
import org.vivarium.kvm.KvmVm;
import org.vivarium.kvm.ThreadFilter;

/**
 * A virtual processor and the platform thread that makes, runs and closes it.
 *
 * <p>The thread goes through: made (waits for {@link #run}), running, paused any number of times,
 * ended. Requests ({@link #run}, {@link #pause}, {@link #end}) may come from any thread and take
 * effect between two guest instructions; {@link #awaitPaused} and {@link #join} wait for that.
 */
public final class Vcpu {
  private enum Wish {
    STAND,
    RUN,
    END
  }

  /** Prepares a processor's first state; called on its own thread. */
  @FunctionalInterface
  public interface Setup {
    /** Sets CPUID, registers and model-specific registers. */
    void prepare(KvmVcpu vcpu) throws KvmException;
  }

  private final int id;
  private final KvmVm vm;
  private final Setup setup;
  private final Bus pio;
  private final Bus mmio;
  private final VcpuEvents events;
  private final ExitCounters exits = new ExitCounters();
  private final Thread thread;
  private final boolean countInKernel;
  private final CountDownLatch made = new CountDownLatch(1);

  private volatile Wish wish = Wish.STAND;
  private volatile boolean standing = true;
  private volatile @Nullable KvmVcpu kvm;
  private volatile @Nullable KvmStats stats;
  private volatile @Nullable KvmException makingFailed;
  private volatile @Nullable Thread waiter;

  /**
   * What a processor is wired to.
   *
   * @param pio port I/O space
   * @param mmio memory-mapped I/O space
   */
  public record Wiring(KvmVm vm, Bus pio, Bus mmio, VcpuEvents events) {}

  /**
   * Starts the thread, which makes the processor and waits for {@link #run}.
   *
   * @param name of the machine, for the thread's name
   * @param id number of the processor, 0 for the boot processor
   * @param kernelCounters whether {@link #kernelCounters()} is wanted
   */
  public Vcpu(String name, int id, Wiring wiring, Setup setup, boolean kernelCounters) {
    this.id = id;
    this.countInKernel = kernelCounters;
    this.vm = wiring.vm();
    this.pio = wiring.pio();
    this.mmio = wiring.mmio();
    this.events = wiring.events();
    this.setup = setup;
    this.thread =
        Thread.ofPlatform().name("vm-" + name + "-vcpu" + id).daemon(true).unstarted(this::live);
    this.thread.start();
  }

  /**
   * Waits until the processor is made and set up.
   *
   * @throws KvmException if the host refused
   */
  public void awaitMade() throws KvmException, InterruptedException {
    made.await();
    KvmException failure = makingFailed;
    if (failure != null) {
      throw failure;
    }
  }

  /** Exits of this processor so far. */
  public ExitCounters exits() {
    return exits;
  }

  /** The kernel's counters of this processor; empty if they were not asked for or it has ended. */
  public Map<String, Long> kernelCounters() {
    KvmStats present = stats;
    try {
      return present == null ? Map.of() : present.read();
    } catch (KvmException | IllegalStateException _) {
      // It ended just now.
      return Map.of();
    }
  }

  /** Lets it run, for the first time or after a pause. */
  public void run() {
    standing = false;
    wish(Wish.RUN);
    LockSupport.unpark(thread);
  }

  /** Makes it stand still soon; see {@link #awaitPaused}. */
  public void pause() {
    wish(Wish.STAND);
    kick();
  }

  /** Waits until it stands still after {@link #pause}, or has ended. */
  public void awaitPaused() throws InterruptedException {
    waiter = Thread.currentThread();
    while (!standing && thread.isAlive()) {
      LockSupport.parkNanos(10_000_000);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  /** Ends it soon; see {@link #join}. */
  public void end() {
    wish(Wish.END);
    LockSupport.unpark(thread);
    kick();
  }

  /** Waits until its thread has ended and the processor is closed. */
  public void join() throws InterruptedException {
    thread.join();
  }

  private synchronized void wish(Wish next) {
    if (wish != Wish.END) {
      wish = next;
    }
  }

  private void kick() {
    KvmVcpu vcpu = kvm;
    if (vcpu != null) {
      vcpu.kick();
    }
  }

  private void live() {
    try (KvmVcpu vcpu = vm.createVcpu(id)) {
      setup.prepare(vcpu);
      if (countInKernel) {
        stats = vcpu.openStats();
      }
      kvm = vcpu;
      made.countDown();
      loop(vcpu);
    } catch (KvmException e) {
      if (made.getCount() > 0) {
        makingFailed = e;
      } else {
        events.failed(e.getMessage());
      }
    } catch (RuntimeException | Error e) {
      // A device model has a bug: this machine ends, told to its owner, and no other is touched.
      events.failed("Virtual CPU " + id + " met a defect of a device model: " + e);
    } finally {
      KvmStats open = stats;
      if (open != null) {
        open.close();
      }
      kvm = null;
      standing = true;
      made.countDown();
      LockSupport.unpark(waiter);
    }
  }

  private void loop(KvmVcpu vcpu) throws KvmException {
    KvmRun exit = vcpu.exit();
    ThreadFilter filter = new ThreadFilter(ThreadFilter.Kind.PROCESSOR);
    boolean entered = false;
    while (true) {
      Wish now = wish;
      if (now == Wish.END) {
        return;
      }
      if (now == Wish.STAND) {
        stand(vcpu, entered);
        continue;
      }
      if (!entered) {
        entered = true;
        filter.takeHold();
        if (id == 0) {
          events.firstInstruction();
        }
      }
      int reason = vcpu.run();
      exits.count(reason);
      if (!access(exit, reason)) {
        if (reason == KvmRun.EXIT_INTR) {
          vcpu.acknowledgeKick();
        } else if (!other(exit, reason)) {
          return;
        }
      }
    }
  }

  private void stand(KvmVcpu vcpu, boolean entered) throws KvmException {
    // The access that caused the last exit is finished first, part by part if it has several:
    // the processor's state is whole then.
    while (entered && access(vcpu.exit(), vcpu.completePendingAccess())) {
      exits.count(vcpu.exit().exitReason());
    }
    while (wish == Wish.STAND) {
      standing = true;
      LockSupport.unpark(waiter);
      LockSupport.park(this);
    }
    standing = false;
  }

  /** Answers an access to a device; false if the exit was for another reason. */
  private boolean access(KvmRun exit, int reason) {
    if (reason == KvmRun.EXIT_IO) {
      portAccess(exit);
    } else if (reason == KvmRun.EXIT_MMIO) {
      memoryAccess(exit);
    } else {
      return false;
    }
    return true;
  }

  private void portAccess(KvmRun exit) {
    int port = exit.ioPort();
    int size = exit.ioSize();
    int count = exit.ioCount();
    if (exit.ioIsWrite()) {
      for (int i = 0; i < count; i++) {
        pio.write(port, size, exit.ioValue(i));
      }
    } else {
      for (int i = 0; i < count; i++) {
        exit.setIoValue(i, pio.read(port, size));
      }
    }
  }

  private void memoryAccess(KvmRun exit) {
    long address = exit.mmioAddress();
    int length = Math.min(exit.mmioLength(), 8);
    // An access that crosses a page arrives in parts, which may be 3, 5, 6 or 7 bytes long.
    for (int offset = 0; offset < length; ) {
      int size = Integer.highestOneBit(length - offset);
      if (exit.mmioIsWrite()) {
        mmio.write(address + offset, size, exit.mmioValue(offset, size));
      } else {
        exit.setMmioValue(offset, size, mmio.read(address + offset, size));
      }
      offset += size;
    }
  }

  /** Handles the rare exits; false if the processor is not to run again. */
  private boolean other(KvmRun exit, int reason) {
    if (reason == KvmRun.EXIT_SHUTDOWN) {
      events.tripleFault();
    } else if (reason == KvmRun.EXIT_FAIL_ENTRY) {
      events.failed(
          "The host's processor refused to enter the guest on virtual CPU %d (reason 0x%x)."
              .formatted(id, exit.failEntryReason()));
    } else if (reason == KvmRun.EXIT_INTERNAL_ERROR) {
      events.failed(
          "KVM cannot run the guest on virtual CPU %d (internal error %d)."
              .formatted(id, exit.internalError()));
    } else {
      events.failed(
          "KVM left the guest on virtual CPU %d for a reason that Vivarium does not know (%d)."
              .formatted(id, reason));
    }
    return false;
  }
}
