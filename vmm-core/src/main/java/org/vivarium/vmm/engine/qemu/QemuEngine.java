package org.vivarium.vmm.engine.qemu;

import java.nio.file.Files;
import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.engine.ConsoleOutput;
import org.vivarium.vmm.engine.Engine;
import org.vivarium.vmm.engine.HostMemory;
import org.vivarium.vmm.engine.MachineListener;
import org.vivarium.vmm.engine.VirtualMachine;

/** Software emulation: runs any machine on any computer that has QEMU, some ten times slower. */
public final class QemuEngine implements Engine {
  /** Says whether a machine can start what it is to start, before anything is started. */
  @FunctionalInterface
  public interface BootCheck {
    /**
     * Reads as much of the files as it takes to know.
     *
     * @throws InvalidConfigException naming the file and what is wrong with it
     */
    void check(MachineConfig config) throws VmmException;
  }

  private final QemuLocator locator;
  private final HostMemory memory;
  private final BootCheck bootCheck;

  /**
   * An engine on this computer.
   *
   * @param bootCheck looks into the kernel and the initial RAM disk, which are known to be regular
   *     files that can be read
   */
  public QemuEngine(BootCheck bootCheck) {
    this(QemuLocator.onPath(), HostMemory.ofThisComputer(), bootCheck);
  }

  QemuEngine(QemuLocator locator, HostMemory memory, BootCheck bootCheck) {
    this.locator = locator;
    this.memory = memory;
    this.bootCheck = bootCheck;
  }

  @Override
  public String name() {
    return "qemu";
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
    check(config);
    QemuChannels channels = QemuChannels.start(locator.find(), config);
    QemuMachine machine = new QemuMachine(config, channels, serial, virtioConsole, listener);
    machine.open();
    return machine;
  }

  private void check(MachineConfig config) throws VmmException {
    BootSource boot = config.boot();
    checkFile("Kernel", boot.kernel());
    Path initrd = boot.initrd();
    if (initrd != null) {
      checkFile("Initial RAM disk", initrd);
    }
    if (boot.commandLine().indexOf('\0') >= 0) {
      throw new InvalidConfigException(
          "Kernel command line: it contains a NUL character; remove it.");
    }
    QemuDeviceWords.check(config.devices());
    bootCheck.check(config);
    memory.check(config.memoryBytes());
  }

  private static void checkFile(String what, Path file) throws InvalidConfigException {
    if (!Files.exists(file)) {
      throw new InvalidConfigException("%s: %s does not exist.".formatted(what, file));
    }
    if (!Files.isRegularFile(file)) {
      throw new InvalidConfigException(
          "%s: %s is not a regular file; name a file.".formatted(what, file));
    }
    if (!Files.isReadable(file)) {
      throw new InvalidConfigException(
          "%s: %s cannot be read by you; change its permissions.".formatted(what, file));
    }
  }
}
