package org.vivarium.vmm.engine.qemu;

import java.nio.file.Path;
import java.util.Map;
import org.vivarium.images.BootImage;
import org.vivarium.images.Progress;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.MachineConfig;

/** The guest that the emulation tests boot: Tiny Linux, built once into the folder for images. */
final class TestGuest {
  /** What its shell prints when it waits for a command. */
  static final String PROMPT = "tiny:~# ";

  /** What it prints once in every boot, before the first prompt. */
  static final String GREETING = "Tiny Linux: ";

  private TestGuest() {}

  /** Where the guest is kept once it has been built. */
  static Path images() {
    return Path.of(System.getProperty("vivarium.test.images", "target/images")).toAbsolutePath();
  }

  static MachineConfig config(String name, int cpus) throws Exception {
    Path folder = images();
    BootImage image =
        TinyLinux.obtain(
            folder,
            TinyLinux.DEFAULT_FLAVOUR,
            PackageSources.choose(folder.resolve("sources"), Map.copyOf(System.getenv())),
            Progress.NONE);
    return MachineConfig.of(
        name,
        cpus,
        256L << 20,
        new BootSource(image.kernel(), image.initrd(), image.commandLine()));
  }
}
