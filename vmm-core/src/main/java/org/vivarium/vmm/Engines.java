package org.vivarium.vmm;

import java.io.IOException;
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

  private Engines() {}

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
    try {
      KvmProbe.run();
    } catch (IOException e) {
      throw new VmmException(String.valueOf(e.getMessage()), e);
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
