package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.config.RateLimit;
import org.vivarium.vmm.definition.VmDefinition;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a machine like another. */
@Command(
    name = CloneCommand.NAME,
    description = {
      "Make a machine like a stopped one, with network addresses and an identity of its own.",
      "Both share what their disks hold now and keep apart what they write; --full copies it."
    },
    footer = {
      "",
      "Examples:",
      "  vivarium clone deb deb2",
      "  vivarium clone deb deb2 --full       needs nothing of deb's disks, and more space",
      "",
      "The new machine gets a port for ssh if the old one has; its other ports stay with the old.",
      "Exit status: 0 done; 1 it could not be; 2 bad input."
    })
final class CloneCommand extends ShellCommand {
  static final String NAME = "clone";

  @Parameters(index = "0", paramLabel = "NAME", description = "The machine, stopped.")
  private String name = "";

  @Parameters(index = "1", paramLabel = "NEW", description = "What the new one is called.")
  private String newName = "";

  @Option(names = "--full", description = "Copy the disks whole; nothing is shared.")
  private boolean full;

  CloneCommand(Shell shell) {
    super(shell);
  }

  @Override
  public Integer call() throws VmmException {
    Machines machines = shell.machines();
    MachineSummary machine = machines.find(name);
    VmDefinition source = definition(machine);
    if (isAlive(machine)) {
      throw new VmmException(
          "Machine %s runs and changes its disks; 'vivarium stop %s' first.".formatted(name, name));
    }
    List<DiskConfig> own = own(source, machines.folder(name));
    if (!full) {
      for (DiskConfig disk : own) {
        CloneDisks.requireLinkable(disk, machines.folder(name));
      }
    }
    machines.create(definition(machines, source));
    boolean done = false;
    try (ProgressLine progress = shell.progress()) {
      CloneDisks disks =
          new CloneDisks(shell.home(), machines.folder(name), machines.folder(newName));
      disks.copyKernel(source.guest());
      for (DiskConfig disk : own) {
        if (full) {
          disks.copy(disk, progress);
        } else {
          disks.link(disk);
        }
      }
      done = true;
    } catch (IOException e) {
      throw new VmmException(
          "Machine %s cannot be cloned: %s.".formatted(name, Failures.reason(e)), e);
    } finally {
      if (!done) {
        machines.delete(newName);
      }
    }
    return ExitStatus.OK;
  }

  /** The disks that the new machine gets its own of; what is only read is shared as it lies. */
  private static List<DiskConfig> own(VmDefinition source, Path folder) {
    List<DiskConfig> own = new ArrayList<>();
    Path root = folder.resolve(GuestResolver.ROOT);
    if (Files.exists(root)) {
      Path file = root.getFileName();
      own.add(new DiskConfig("root", file, DiskFormat.QCOW2, false, "", RateLimit.NONE));
    }
    source.devices().disks().stream().filter(disk -> !disk.readOnly()).forEach(own::add);
    return own;
  }

  private VmDefinition definition(Machines machines, VmDefinition source) throws VmmException {
    Path folder = machines.folder(name);
    List<DiskConfig> disks = new ArrayList<>();
    for (DiskConfig disk : source.devices().disks()) {
      disks.add(
          disk.readOnly()
              ? DiskCommand.located(disk, folder)
              : new DiskConfig(
                  disk.id(),
                  Path.of(ArchiveNames.disk(disk.id())),
                  DiskFormat.QCOW2,
                  false,
                  disk.serial(),
                  disk.limit()));
    }
    Optional<PortForward> ssh = SshForward.find(source);
    @Nullable PortForward forward = ssh.isPresent() ? SshForward.fresh(machines) : null;
    List<NetConfig> cards = new ArrayList<>();
    for (NetConfig card : source.devices().networks()) {
      NetBackend backend = card.backend();
      if (backend instanceof NetBackend.User(List<PortForward> forwards)) {
        boolean has = forward != null && forwards.contains(ssh.orElseThrow());
        backend = new NetBackend.User(has ? List.of(forward) : List.of());
      }
      cards.add(
          new NetConfig(card.id(), backend, NetOption.ownAddress(), card.linkUp(), card.limit()));
    }
    DeviceSet d = source.devices();
    return new VmDefinition(
        newName,
        source.description(),
        source.cpus(),
        source.memoryMib(),
        source.engine(),
        source.guest(),
        new DeviceSet(disks, cards, d.rng(), d.balloon(), d.console(), d.vsock()),
        false);
  }
}
