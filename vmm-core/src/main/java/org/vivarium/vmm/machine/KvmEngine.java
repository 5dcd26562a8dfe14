package org.vivarium.vmm.machine;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.Engine;
import org.vivarium.vmm.engine.HostMemory;
import org.vivarium.vmm.engine.MachineListener;
import org.vivarium.vmm.engine.VirtualMachine;

/** Vivarium's own virtual machine monitor on KVM. */
public final class KvmEngine implements Engine {
  private final HardwareBuilder builder;

  /** An engine for everyday use. */
  public KvmEngine() {
    this(new Options(false, false));
  }

  /**
   * @param options for measurements
   */
  public KvmEngine(Options options) {
    this.builder = new HardwareBuilder(options);
  }

  /**
   * What a measurement or a back end in another process may ask for.
   *
   * @param kernelCounters whether {@link VirtualMachine#counters()} holds the kernel's own counters
   *     of each processor as well, which cost a few file descriptors
   * @param sharedMemory whether guest memory is a memfd that another process can be given, rather
   *     than anonymous memory, for which most hosts have huge pages (docs/decisions/0007)
   */
  public record Options(boolean kernelCounters, boolean sharedMemory) {}

  @Override
  public String name() {
    return "kvm";
  }

  @Override
  public VirtualMachine create(
      MachineConfig config, ConsoleOutput console, MachineListener listener) throws VmmException {
    return create(config, console, (_, _, _) -> {}, listener);
  }

  @Override
  public VirtualMachine create(
      MachineConfig config,
      ConsoleOutput serial,
      ConsoleOutput virtioConsole,
      MachineListener listener)
      throws VmmException {
    HostMemory.ofThisComputer().check(config.memoryBytes());
    KvmMachine machine = new KvmMachine(config, builder, serial, virtioConsole, listener);
    machine.build();
    return machine;
  }
}
