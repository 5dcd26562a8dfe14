package org.vivarium.vmm.engine;

import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.MachineConfig;

/** Something that can run a machine. */
public interface Engine {
  /** Its name on the command line and in definitions: {@code kvm} or {@code qemu}. */
  String name();

  /**
   * Builds a machine that has not started: memory reserved, kernel loaded, devices attached.
   *
   * @param console takes what the guest prints on its serial console
   * @param listener hears of the machine's life
   * @throws org.vivarium.vmm.InvalidConfigException if the configuration or a file it names is bad
   * @throws VmmException if the computer cannot run it
   */
  VirtualMachine create(MachineConfig config, ConsoleOutput console, MachineListener listener)
      throws VmmException;

  /**
   * As {@link #create(MachineConfig, ConsoleOutput, MachineListener)}, with a taker for what the
   * guest prints on its virtio console where {@link org.vivarium.vmm.config.DeviceSet#console()}
   * gives it one.
   */
  default VirtualMachine create(
      MachineConfig config,
      ConsoleOutput serial,
      ConsoleOutput virtioConsole,
      MachineListener listener)
      throws VmmException {
    return create(config, serial, listener);
  }
}
