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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Boots a machine with its console in this terminal.
 *
 * <p>Its options are told to picocli in code where other commands annotate fields: reading
 * annotations and setting fields by reflection takes longer than all else that a start does in
 * Java.
 */
final class BootCommand implements Callable<Integer> {
  static final String NAME = "boot";

  static final String DEFAULT_COMMAND_LINE = "console=ttyS0";

  private static final String[] DESCRIPTION = {
    "Boot a machine with its console in this terminal; Ctrl-] leaves it and turns it off.",
    "Without --kernel it boots Tiny Linux, which is built first if it is not there."
  };

  private static final String[] FOOTER = {
    "",
    "Examples:",
    "  vivarium boot",
    "  vivarium boot --cpus 4 --memory 1G --stages",
    "  vivarium boot --disk data.qcow2 --net user,forward=tcp:2222:22",
    "  vivarium boot --kernel /boot/vmlinuz --initrd /boot/initrd.img --append 'console=ttyS0'",
    "",
    "Exit status: 0 the guest powered itself off, or you left it; 1 it could not be run;",
    "2 bad input; 3 the guest panicked, or was still running when --timeout passed."
  };

  private final OptionSpec engine =
      option("--engine", "ENGINE", String.class)
          .defaultValue("auto")
          .description(
              "auto, kvm (hardware virtualization) or qemu (software emulation). Default: auto.")
          .build();

  private final OptionSpec cpus =
      option("--cpus", "N", Integer.class)
          .defaultValue("1")
          .description("Virtual processors, 1 to 64. Default: 1.")
          .build();

  private final OptionSpec memory =
      option("--memory", "SIZE", Long.class)
          .defaultValue("256M")
          .converters(new MemorySize())
          .description("RAM, such as 256M or 2G. Default: 256M.")
          .build();

  private final OptionSpec kernel =
      option("--kernel", "FILE", Path.class)
          .description("A bzImage (vmlinuz) or an ELF vmlinux with a PVH entry.")
          .build();

  private final OptionSpec initrd =
      option("--initrd", "FILE", Path.class).description("Initial RAM disk for --kernel.").build();

  private final OptionSpec append =
      option("--append", "TEXT", String.class)
          .description(
              "Kernel command line for --kernel (default: \""
                  + DEFAULT_COMMAND_LINE
                  + "\"); for Tiny Linux, added to its own.")
          .build();

  private final OptionSpec console =
      option("--console", "DEVICE", String.class)
          .defaultValue("ttyS0")
          .description(
              "The guest's console in this terminal: ttyS0 (serial port) or hvc0 (virtio console)."
                  + " Default: ttyS0.")
          .build();

  private final DeviceOptions devices = new DeviceOptions();

  private final OptionSpec timeout =
      option("--timeout", "SECONDS", Integer.class)
          .description("Turn the machine off and exit with status 3 if it still runs then.")
          .build();

  private final OptionSpec sharedMemory =
      OptionSpec.builder("--shared-memory")
          .type(boolean.class)
          .defaultValue("false")
          .description(
              "Engine kvm: keep the guest's RAM in a memfd, which other processes can be given."
                  + " Slower where the host has huge pages for anonymous memory alone.")
          .build();

  private final OptionSpec stages =
      option("--stages", "FORM", StageReport.Form.class)
          .arity("0..1")
          .defaultValue("none")
          .fallbackValue("table")
          .description(
              "Print where the time of the boot went: as a table at the end, or for programs as"
                  + " lines at once, on standard error (FORM: table, lines, or counters: lines with"
                  + " KVM's counters).")
          .build();

  private static OptionSpec.Builder option(String name, String paramLabel, Class<?> type) {
    return OptionSpec.builder(name).paramLabel(paramLabel).type(type);
  }

  /** What the library that reads the command line is to know of a new command. */
  static CommandSpec spec() {
    BootCommand command = new BootCommand();
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command, new LazyFactory()).name(NAME);
    spec.usageMessage().sortOptions(false).description(DESCRIPTION).footer(FOOTER);
    spec.addOption(command.engine).addOption(command.cpus).addOption(command.memory);
    spec.addOption(command.kernel).addOption(command.initrd).addOption(command.append);
    spec.addOption(command.console);
    command.devices.addTo(spec);
    spec.addOption(command.timeout).addOption(command.sharedMemory).addOption(command.stages);
    return spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help message and exit.")
            .build());
  }

  @Override
  public Integer call() throws Exception {
    EngineChoice.Request request = EngineChoice.Request.of(engine.getValue());
    Duration limit = limit();
    StageReport.Form form = stages.getValue();
    int processors = cpus.<Integer>getValue();
    long bytes = memory.<Long>getValue();
    // Checked before a guest is built: a build takes seconds, a wrong number none.
    BootConsole shown = BootConsole.named(console.getValue());
    DeviceSet attached = devices.read(shown == BootConsole.VIRTIO);
    MachineConfig.of(NAME, processors, bytes, new BootSource(Path.of("/"), null, ""), attached);
    for (DiskConfig disk : attached.disks()) {
      DiskOpener.formatOf(disk);
    }
    MachineConfig config = MachineConfig.of(NAME, processors, bytes, source(shown), attached);
    Engines.Selection selection =
        Engines.select(
            request,
            new KvmEngine.Options(
                form == StageReport.Form.COUNTERS, sharedMemory.<Boolean>getValue()));
    return new BootSession(selection, config, new BootSession.Options(limit, form, shown)).run();
  }

  private Duration limit() throws InvalidConfigException {
    @Nullable Integer seconds = timeout.getValue();
    if (seconds == null) {
      return BootSession.Options.NO_LIMIT;
    }
    if (seconds < 1) {
      throw new InvalidConfigException(
          "Option --timeout: %d seconds is not possible; choose 1 or more.".formatted(seconds));
    }
    return Duration.ofSeconds(seconds);
  }

  private BootSource source(BootConsole shown) throws InvalidConfigException, ImageException {
    @Nullable String extra = append.getValue();
    @Nullable Path kernelFile = kernel.getValue();
    @Nullable Path initrdFile = initrd.getValue();
    if (kernelFile != null) {
      return new BootSource(
          kernelFile, initrdFile, extra == null ? shown.addTo(DEFAULT_COMMAND_LINE) : extra);
    }
    if (initrdFile != null) {
      throw new InvalidConfigException(
          "Option --initrd: it goes with --kernel; Tiny Linux has its own.");
    }
    BootImage tiny = tinyLinux();
    String line =
        shown.addTo(tiny.commandLine())
            + (shown == BootConsole.SERIAL ? terminalSize() : "")
            + (extra == null ? "" : " " + extra);
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
