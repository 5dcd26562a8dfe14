package org.vivarium.app.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.BootImage;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.PackageSource;
import org.vivarium.images.deb.PackageSources;
import org.vivarium.images.tiny.TinyLinux;
import org.vivarium.kvm.Terminal;
import org.vivarium.vmm.Engines;
import org.vivarium.vmm.Folders;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.disk.DiskOpener;
import org.vivarium.vmm.engine.EngineChoice;
import org.vivarium.vmm.machine.KvmEngine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Boots a machine with its console in this terminal. */
@Command(
    name = BootCommand.NAME,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Boot a machine with its console in this terminal; Ctrl-] leaves it and turns it off.",
      "Without --kernel it boots Tiny Linux, which is built first if it is not there."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium boot",
      "  vivarium boot --cpus 4 --memory 1G --stages",
      "  vivarium boot --disk data.qcow2 --net user,forward=tcp:2222:22",
      "  vivarium boot --kernel /boot/vmlinuz --initrd /boot/initrd.img --append 'console=ttyS0'",
      "",
      "Exit status: 0 the guest powered itself off, or you left it; 1 it could not be run;",
      "2 bad input; 3 the guest panicked, or was still running when --timeout passed."
    })
final class BootCommand implements Callable<Integer> {
  static final String NAME = "boot";

  static final String DEFAULT_COMMAND_LINE = "console=ttyS0";

  @Option(
      names = "--engine",
      paramLabel = "ENGINE",
      defaultValue = "auto",
      description =
          "auto, kvm (hardware virtualization) or qemu (software emulation). Default: auto.")
  private String engine = "auto";

  @Option(
      names = "--cpus",
      paramLabel = "N",
      defaultValue = "1",
      description = "Virtual processors, 1 to 64. Default: 1.")
  private int cpus;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      defaultValue = "256M",
      converter = MemorySize.class,
      description = "RAM, such as 256M or 2G. Default: 256M.")
  private long memory;

  @Option(
      names = "--kernel",
      paramLabel = "FILE",
      description = "A bzImage (vmlinuz) or an ELF vmlinux with a PVH entry.")
  private @Nullable Path kernel;

  @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk for --kernel.")
  private @Nullable Path initrd;

  @Option(
      names = "--append",
      paramLabel = "TEXT",
      description =
          "Kernel command line for --kernel (default: \""
              + DEFAULT_COMMAND_LINE
              + "\"); for Tiny Linux, added to its own.")
  private @Nullable String append;

  @Mixin private final DeviceOptions devices = new DeviceOptions();

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "Turn the machine off and exit with status 3 if it still runs then.")
  private @Nullable Integer timeout;

  @Option(
      names = "--shared-memory",
      description =
          "Engine kvm: keep the guest's RAM in a memfd, which other processes can be given. Slower"
              + " where the host has huge pages for anonymous memory alone.")
  private boolean sharedMemory;

  @Option(
      names = "--stages",
      arity = "0..1",
      paramLabel = "FORM",
      defaultValue = "none",
      fallbackValue = "table",
      description = {
        "Print where the time of the boot went: as a table at the end, or for programs as lines at"
            + " once, on standard error (FORM: table, lines, or counters: lines with KVM's counters)."
      })
  private StageReport.Form stages = StageReport.Form.NONE;

  @Override
  public Integer call() throws Exception {
    EngineChoice.Request request = EngineChoice.Request.of(engine);
    Duration limit = limit();
    // Checked before a guest is built: a build takes seconds, a wrong number none.
    DeviceSet attached = devices.read();
    MachineConfig.of(NAME, cpus, memory, new BootSource(Path.of("/"), null, ""), attached);
    for (DiskConfig disk : attached.disks()) {
      DiskOpener.formatOf(disk);
    }
    BootSource source = source();
    MachineConfig config = MachineConfig.of(NAME, cpus, memory, source, attached);
    Engines.Selection selection =
        Engines.select(
            request, new KvmEngine.Options(stages == StageReport.Form.COUNTERS, sharedMemory));
    return new BootSession(selection, config, new BootSession.Options(limit, stages)).run();
  }

  private Duration limit() throws InvalidConfigException {
    Integer seconds = timeout;
    if (seconds == null) {
      return BootSession.Options.NO_LIMIT;
    }
    if (seconds < 1) {
      throw new InvalidConfigException(
          "Option --timeout: %d seconds is not possible; choose 1 or more.".formatted(seconds));
    }
    return Duration.ofSeconds(seconds);
  }

  private BootSource source() throws InvalidConfigException, ImageException {
    String extra = append;
    Path kernelFile = kernel;
    if (kernelFile != null) {
      return new BootSource(kernelFile, initrd, extra == null ? DEFAULT_COMMAND_LINE : extra);
    }
    if (initrd != null) {
      throw new InvalidConfigException(
          "Option --initrd: it goes with --kernel; Tiny Linux has its own.");
    }
    BootImage tiny = tinyLinux();
    String line = tiny.commandLine() + terminalSize() + (extra == null ? "" : " " + extra);
    return new BootSource(tiny.kernel(), tiny.initrd(), line);
  }

  /** A serial port does not tell how large the terminal behind it is; Tiny Linux takes our word. */
  private static String terminalSize() {
    return Terminal.size(Terminal.STANDARD_OUTPUT)
        .map(size -> " vivarium.size=" + size.columns() + "x" + size.rows())
        .orElse("");
  }

  /** The first guest, built if it is not there; what that takes is shown on standard error. */
  static BootImage tinyLinux() throws ImageException {
    Path images = Folders.standard().images();
    PrintStream err = System.err;
    try (ProgressLine progress =
        new ProgressLine(err, Terminal.isTerminal(Terminal.STANDARD_ERROR))) {
      PackageSource packages = PackageSources.choose(images.resolve("packages"), System.getenv());
      return TinyLinux.obtain(images, TinyLinux.DEFAULT_FLAVOUR, packages, progress);
    }
  }
}
