package org.vivarium.vmm.engine.qemu;

import java.nio.file.Path;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;

/** The guest that the emulation tests boot. */
final class TestGuest {
  /** What its shell prints when it waits for a command. */
  static final String PROMPT = "tiny:~# ";

  private TestGuest() {}

  static MachineConfig config(String name, int cpus) throws InvalidConfigException {
    Path folder = Path.of(System.getProperty("vivarium.test.guest"));
    return MachineConfig.of(
        name,
        cpus,
        256L << 20,
        new BootSource(
            folder.resolve("vmlinuz"), folder.resolve("initrd.gz"), "console=ttyS0 quiet"));
  }
}
