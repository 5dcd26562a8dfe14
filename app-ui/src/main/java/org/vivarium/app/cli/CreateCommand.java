package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.machines.Cloning;
import org.vivarium.app.machines.MacAddress;
import org.vivarium.app.machines.SshForward;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.BootSource;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.MachineConfig;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;
import org.vivarium.vmm.engine.EngineChoice;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Defines a machine. */
@Command(
    name = CreateCommand.NAME,
    description = "Define a machine, in a folder of its own.",
    footer = {
      "",
      "Examples:",
      "  vivarium create web --start",
      "  vivarium create deb --from debian-12          with the processors and memory it suits",
      "  vivarium create deb --from debian-12 --full   with a disk that shares nothing",
      "  vivarium create web --memory 1G --cpus 2 --net user,forward=tcp:8080:80",
      "  vivarium create db --disk data.qcow2 --disk seed.iso,ro --net segment:lab",
      "  vivarium create own --kernel vmlinuz --initrd initrd.img --append 'console=ttyS0'",
      "",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class CreateCommand extends ShellCommand {
  static final String NAME = "create";

  private static final String FROM_DISK = "disk";
  private static final long MIB = 1L << 20;

  /** What a machine gets that boots what its owner brings. */
  private static final CatalogueEntry.Defaults OWN = new CatalogueEntry.Defaults(1, 256, 0);

  @Parameters(
      paramLabel = "NAME",
      description = "1 to 64 letters, digits, '.', '_' and '-', a letter or a digit first.")
  private String name = "";

  @Option(
      names = "--from",
      paramLabel = "GUEST",
      description =
          "A guest of the catalogue ('vivarium catalogue' lists them), built when it is first started, or disk: the kernel that is"
              + " installed on the first disk. Default: tiny (Tiny Linux, all in memory).")
  private @Nullable String from;

  @Option(
      names = "--kernel",
      paramLabel = "FILE",
      description = "A kernel of your own: a bzImage (vmlinuz) or an ELF vmlinux with a PVH entry.")
  private @Nullable Path kernel;

  @Option(names = "--initrd", paramLabel = "FILE", description = "Initial RAM disk for --kernel.")
  private @Nullable Path initrd;

  @Option(
      names = "--append",
      paramLabel = "TEXT",
      description =
          "Kernel command line for --kernel (default: \""
              + BootCommand.DEFAULT_COMMAND_LINE
              + "\"); else added to the guest's own.")
  private @Nullable String append;

  @Option(
      names = "--cpus",
      paramLabel = "N",
      description = "Virtual processors, 1 to 64. Default: the guest's own, else 1.")
  private @Nullable Integer cpus;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = MemorySize.class,
      description = "RAM, such as 256M or 2G. Default: the guest's own, else 256M.")
  private @Nullable Long memory;

  @Option(
      names = "--full",
      description =
          "Give it a whole copy of the guest's disk at once, which depends on nothing. Default: a disk"
              + " that shares the guest's image and takes what the machine changes.")
  private boolean full;

  @Option(names = DiskOption.NAME, paramLabel = DiskOption.LABEL, description = DiskOption.HELP)
  private @Nullable List<String> disks;

  @Option(
      names = NetOption.NAME,
      paramLabel = NetOption.LABEL,
      description =
          NetOption.HELP
              + " Default: user with a port for ssh where the guest has ssh, else no card.")
  private @Nullable List<String> networks;

  @Option(names = "--no-rng", description = "Leave out the source of entropy.")
  private boolean noRng;

  @Option(names = "--no-balloon", description = "Leave out the memory balloon.")
  private boolean noBalloon;

  @Option(
      names = "--engine",
      paramLabel = "ENGINE",
      defaultValue = "auto",
      description =
          "auto, kvm (hardware virtualization) or qemu (software emulation). Default: auto.")
  private String engine = "auto";

  @Option(
      names = "--description",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "What it is for.")
  private String description = "";

  @Option(names = "--autostart", description = "Start it when you log in.")
  private boolean autostart;

  @Option(names = "--start", description = "Start it at once.")
  private boolean start;

  CreateCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException, ImageException, InterruptedException {
    EngineChoice.Request.of(engine);
    DeviceSet devices = devices();
    GuestSource guest = guest(devices);
    Optional<CatalogueEntry> entry = entry(guest);
    CatalogueEntry.Defaults defaults = entry.map(CatalogueEntry::defaults).orElse(OWN);
    int chosenCpus = cpus == null ? defaults.cpus() : cpus;
    long bytes = memory == null ? defaults.memoryMib() * MIB : memory;
    // The same sentences as boot's, which name things as the options do.
    MachineConfig.of(name, chosenCpus, bytes, new BootSource(Path.of("/"), null, ""), devices);
    int memoryMib = (int) (bytes / MIB);
    VmDefinition definition =
        new VmDefinition(
            name, description, chosenCpus, memoryMib, engine, guest, devices, autostart);
    boolean ssh = networks == null && entry.filter(e -> !e.user().isEmpty()).isPresent();
    if (full && entry.filter(CatalogueEntry::hasDisk).isEmpty()) {
      throw new InvalidConfigException(
          "Option --full: this guest has no disk that could be copied; leave the option out.");
    }
    Machines machines = shell.machines();
    if (ssh) {
      createWithSsh(machines, definition);
    } else {
      machines.create(definition);
    }
    if (full) {
      copyGuest(machines, definition);
    }
    if (!start) {
      shell.note("Machine %s is defined; 'vivarium start %s' starts it.".formatted(name, name));
      return ExitStatus.OK;
    }
    try (MachineConnection _ = StartCommand.start(shell, machines, name)) {
      return ExitStatus.OK;
    }
  }

  private void copyGuest(Machines machines, VmDefinition definition)
      throws VmmException, ImageException {
    try (ProgressLine progress = shell.progress()) {
      new Cloning(shell.home(), machines).copyGuest(definition, shell.environment(), progress);
    } catch (IOException e) {
      throw new VmmException(
          "The disk of %s cannot be copied: %s.".formatted(name, Failures.reason(e)), e);
    }
  }

  /** A guest that one logs in to by ssh gets a way for it, unless its owner named the network. */
  private void createWithSsh(Machines machines, VmDefinition definition) throws VmmException {
    if (Programs.find("passt", shell.environment()).isEmpty()) {
      machines.create(definition);
      shell.note(
          "Machine %s has no network, which ssh needs; install with: apt-get install passt."
              .formatted(name));
      return;
    }
    PortForward forward = SshForward.fresh(machines);
    String id = OptionWords.freeId("net", Definitions.deviceIds(definition));
    NetBackend backend = new NetBackend.User(List.of(forward));
    NetConfig card = NetConfig.of(id, backend, MacAddress.own());
    machines.create(Definitions.withNetworks(definition, List.of(card)));
    shell.note(
        "Port %d of this computer leads to its ssh; 'vivarium ssh %s' logs in while it runs."
            .formatted(forward.hostPort(), name));
  }

  private Optional<CatalogueEntry> entry(GuestSource guest) throws VmmException {
    return guest instanceof GuestSource.Catalogue(String entry, String _)
        ? Optional.of(Shell.entry(shell.catalogue(), entry))
        : Optional.empty();
  }

  private GuestSource guest(DeviceSet devices) throws InvalidConfigException {
    Path kernelFile = kernel;
    String line = append;
    if (kernelFile != null) {
      if (from != null) {
        throw new InvalidConfigException(
            "Option --kernel: it does not go with --from; choose one of them.");
      }
      Path initrdFile = initrd;
      return new GuestSource.Kernel(
          kernelFile.toAbsolutePath().normalize(),
          initrdFile == null ? null : initrdFile.toAbsolutePath().normalize(),
          line == null ? BootCommand.DEFAULT_COMMAND_LINE : line);
    }
    if (initrd != null) {
      throw new InvalidConfigException(
          "Option --initrd: it goes with --kernel; a guest of the catalogue has its own.");
    }
    String extra = line == null ? "" : line;
    if (FROM_DISK.equals(from)) {
      if (devices.disks().isEmpty()) {
        throw new InvalidConfigException(
            "Option --from: disk needs a disk with a system on it; name it with --disk.");
      }
      return new GuestSource.Disk(extra);
    }
    return new GuestSource.Catalogue(from == null ? "tiny" : from, extra);
  }

  private DeviceSet devices() throws InvalidConfigException {
    return new DeviceSet(
        DiskOption.parse(disks), NetOption.parse(networks), !noRng, !noBalloon, true, null);
  }
}
