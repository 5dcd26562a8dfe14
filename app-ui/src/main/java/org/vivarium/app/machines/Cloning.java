package org.vivarium.app.machines;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.vivarium.images.ImageException;
import org.vivarium.images.Progress;
import org.vivarium.images.catalog.GuestResolver;
import org.vivarium.images.library.Templates;
import org.vivarium.vmm.VmmException;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.DiskConfig;
import org.vivarium.vmm.config.DiskFormat;
import org.vivarium.vmm.config.NetBackend;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.DefinitionJson;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/**
 * Makes machines like others, with network addresses and an identity of their own.
 *
 * @param home the home folder
 * @param machines the machines in it
 */
public record Cloning(Path home, Machines machines) {
  /**
   * Makes a machine like a stopped one. Both share what their disks hold now, or the new one gets
   * copies. The new machine gets a port for ssh if the old one has; its other ports stay with the
   * old. If it fails, nothing is left.
   *
   * @param full whether the disks are copied whole
   * @throws VmmException if it runs, or a disk cannot be shared
   */
  public void run(String name, String newName, boolean full, Progress progress)
      throws VmmException, ImageException, IOException {
    MachineSummary machine = machines.find(name);
    VmDefinition source = Stopped.definition(machine);
    Path folder = machines.folder(name);
    if (!full) {
      for (DiskConfig disk : own(source, folder)) {
        CloneDisks.requireLinkable(disk, folder);
      }
    }
    make(
        source,
        folder,
        newName,
        (disks, disk) -> {
          if (full) {
            disks.copy(disk, progress);
          } else {
            disks.link(disk);
          }
        });
  }

  /**
   * Makes a machine whose disks lie over a template's, or are copies of them. If it fails, nothing
   * is left.
   *
   * @param template the template's name
   * @param full whether the disks are copied whole
   * @throws VmmException if there is no such template
   */
  public void fromTemplate(String template, String newName, boolean full, Progress progress)
      throws VmmException, ImageException, IOException {
    Path folder = new Templates(home).find(template).folder();
    String text = Files.readString(folder.resolve("vm.json"));
    VmDefinition source =
        moved(DefinitionJson.read(template, text).definition(), machines.folder(template));
    make(
        source,
        folder,
        newName,
        (disks, disk) -> {
          if (full) {
            disks.copy(disk, progress);
          } else {
            disks.linkOver(disk);
          }
        });
  }

  /** A definition whose folder has moved: what it names in the former one lies in the present. */
  private static VmDefinition moved(VmDefinition d, Path former) {
    List<DiskConfig> disks = new ArrayList<>();
    for (DiskConfig disk : d.devices().disks()) {
      Path file = disk.file().startsWith(former) ? former.relativize(disk.file()) : disk.file();
      disks.add(disk.withFile(file));
    }
    return new VmDefinition(
        d.name(),
        d.description(),
        d.cpus(),
        d.memoryMib(),
        d.engine(),
        d.guest(),
        d.devices().withDisks(disks),
        d.autostart());
  }

  /** Gives a new machine a disk. */
  private interface DiskMaker {
    void make(CloneDisks disks, DiskConfig disk) throws VmmException, ImageException, IOException;
  }

  private void make(VmDefinition source, Path folder, String newName, DiskMaker maker)
      throws VmmException, ImageException, IOException {
    machines.create(definition(source, folder, newName));
    fill(
        newName,
        () -> {
          CloneDisks disks = new CloneDisks(home, folder, machines.folder(newName));
          disks.copyKernel(source.guest());
          for (DiskConfig disk : own(source, folder)) {
            maker.make(disks, disk);
          }
        });
  }

  /**
   * Gives a machine that was just made a copy of its guest's disk, where its first start would give
   * it one that shares the catalogue's image. The image is made unless it is there. If it fails,
   * the machine is deleted.
   *
   * @param made boots a guest of the catalogue that has a disk
   * @param environment the process's environment
   */
  public void copyGuest(VmDefinition made, Map<String, String> environment, Progress progress)
      throws VmmException, ImageException, IOException {
    fill(made.name(), () -> replaceRoot(made, environment, progress));
  }

  private void replaceRoot(VmDefinition made, Map<String, String> environment, Progress progress)
      throws VmmException, ImageException, IOException {
    Path folder = machines.folder(made.name());
    Path copies = folder.resolve("copy");
    if (made.guest() instanceof GuestSource.Catalogue(String entry, String _)) {
      GuestResolver.Machine machine = new GuestResolver.Machine(made.name(), folder);
      new GuestResolver(home, environment).prepare(entry, machine, progress);
    }
    // What shares the image serves as the source, and a start would find it until the copy is done.
    DiskConfig root = own(made, folder).getFirst();
    new CloneDisks(home, folder, copies).copy(root, progress);
    Stopped.definition(machines.find(made.name()));
    Files.move(
        copies.resolve(root.file()),
        folder.resolve(root.file()),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    Files.delete(copies);
  }

  /** Puts what it needs into a new machine's folder. */
  private interface Filling {
    void run() throws VmmException, ImageException, IOException;
  }

  /** Deletes the new machine again if its folder cannot be filled. */
  private void fill(String name, Filling filling) throws VmmException, ImageException, IOException {
    boolean done = false;
    try {
      filling.run();
      done = true;
    } finally {
      if (!done) {
        machines.delete(name);
      }
    }
  }

  /** The disks that a machine writes to: the one of its guest, and those that its owner named. */
  static List<DiskConfig> own(VmDefinition source, Path folder) {
    List<DiskConfig> own = new ArrayList<>();
    DiskNames.root(folder).ifPresent(own::add);
    source.devices().disks().stream().filter(disk -> !disk.readOnly()).forEach(own::add);
    return own;
  }

  private VmDefinition definition(VmDefinition source, Path folder, String newName)
      throws VmmException {
    List<DiskConfig> disks = new ArrayList<>();
    for (DiskConfig disk : source.devices().disks()) {
      disks.add(
          disk.readOnly()
              ? DiskNames.located(disk, folder)
              : disk.withFile(Path.of(DiskNames.inFolder(disk.id())), DiskFormat.QCOW2));
    }
    DeviceSet d = source.devices();
    return new VmDefinition(
        newName,
        source.description(),
        source.cpus(),
        source.memoryMib(),
        source.engine(),
        source.guest(),
        new DeviceSet(disks, cards(source), d.rng(), d.balloon(), d.console(), d.vsock()),
        false);
  }

  private List<NetConfig> cards(VmDefinition source) throws VmmException {
    Optional<PortForward> ssh = SshForward.find(source);
    @Nullable PortForward forward = ssh.isPresent() ? SshForward.fresh(machines) : null;
    List<NetConfig> cards = new ArrayList<>();
    for (NetConfig card : source.devices().networks()) {
      NetBackend backend = card.backend();
      if (backend instanceof NetBackend.User(List<PortForward> forwards)) {
        boolean has = forward != null && forwards.contains(ssh.orElseThrow());
        backend = new NetBackend.User(has ? List.of(forward) : List.of());
      }
      cards.add(new NetConfig(card.id(), backend, MacAddress.own(), card.linkUp(), card.limit()));
    }
    return cards;
  }
}
