package org.vivarium.vmm;

import java.io.IOException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.vivarium.kvm.GuestMemory;
import org.vivarium.kvm.KvmException;
import org.vivarium.vmm.arch.MemoryMap;
import org.vivarium.vmm.boot.BootTarget;
import org.vivarium.vmm.boot.KernelLoader;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.Engine;
import org.vivarium.vmm.engine.EngineChoice;
import org.vivarium.vmm.engine.qemu.QemuEngine;
import org.vivarium.vmm.engine.qemu.QemuLocator;
import org.vivarium.vmm.machine.KvmEngine;
import org.vivarium.vmm.machine.KvmProbe;

/** The engines of this computer: which one runs a machine, ready for use. */
public final class Engines {
  /** Physical address bits of the processor that QEMU emulates. */
  private static final int EMULATED_ADDRESS_BITS = 40;

  /**
   * An engine and why it was taken.
   *
   * @param decision the reason, one line for people
   */
  public record Selection(Engine engine, EngineChoice.Decision decision) {}

  private static final AtomicReference<@Nullable FutureTask<Boolean>> EARLY_PROBE =
      new AtomicReference<>();

  private Engines() {}

  /**
   * Begins to ask /dev/kvm whether it runs guests, on a thread of its own, for a process that is
   * sure to choose an engine soon: what that initialises is then ready when the machine is built.
   * The answer serves the first choice; does nothing the second time.
   */
  public static void prepare() {
    FutureTask<Boolean> probe =
        new FutureTask<>(
            () -> {
              KvmProbe.run();
              return true;
            });
    if (EARLY_PROBE.compareAndSet(null, probe)) {
      Thread.ofPlatform().name("probe").daemon().start(probe);
    }
  }

  /**
   * Chooses an engine.
   *
   * @param request what a person asked for
   * @param options for measurements, used by {@code kvm} alone
   * @throws VmmException if it cannot run here: why, and what to do
   */
  public static Selection select(EngineChoice.Request request, KvmEngine.Options options)
      throws VmmException {
    EngineChoice.Decision decision = choice().decide(request);
    Engine engine =
        decision.engine().equals("kvm")
            ? new KvmEngine(options)
            : new QemuEngine(Engines::checkFiles);
    return new Selection(engine, decision);
  }

  /** What would be chosen here, and why. */
  public static EngineChoice choice() {
    return new EngineChoice(Engines::probe, () -> QemuLocator.onPath().find());
  }

  private static void probe() throws VmmException {
    FutureTask<Boolean> early = EARLY_PROBE.getAndSet(null);
    try {
      if (early == null) {
        KvmProbe.run();
      } else {
        early.get();
      }
    } catch (IOException e) {
      throw new VmmException(String.valueOf(e.getMessage()), e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new VmmException(String.valueOf(cause == null ? null : cause.getMessage()), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new VmmException("The probe guest was interrupted.", e);
    }
  }

  /** Loads the kernel as our own machine would, so that both engines refuse a bad one alike. */
  private static void checkFiles(MachineConfig config) throws VmmException {
    MemoryMap map = MemoryMap.of(config.memoryBytes(), EMULATED_ADDRESS_BITS);
    try (GuestMemory memory =
        GuestMemory.allocate(map.ramRanges(), GuestMemory.Backing.ANONYMOUS)) {
      KernelLoader.load(config.boot(), new BootTarget(memory, map));
    } catch (KvmException e) {
      throw new VmmException(e.getMessage(), e);
    }
  }
}
