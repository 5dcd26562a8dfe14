package org.vivarium.app.desktop.create;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.Names;
import org.vivarium.app.desktop.page.Sizes;
import org.vivarium.app.machines.SshForward;
import org.vivarium.images.ImageException;
import org.vivarium.images.catalog.Catalogue;
import org.vivarium.images.catalog.CatalogueEntry;
import org.vivarium.images.catalog.EntryState;
import org.vivarium.vmm.config.DeviceSet;
import org.vivarium.vmm.config.NetConfig;
import org.vivarium.vmm.config.PortForward;
import org.vivarium.vmm.definition.GuestSource;
import org.vivarium.vmm.definition.VmDefinition;

/** What a person has filled in for a new machine, and what is wrong with it. */
final class NewMachineModel {
  private static final int MOST_GIB = 65_536;

  /**
   * The room on this computer's disk.
   *
   * @param images what the image of each guest takes, or is expected to, by the guest's id; bytes
   * @param free what is left, bytes
   */
  record Room(Map<String, Long> images, long free) {
    Room {
      images = Map.copyOf(images);
    }

    /** How it is now. Blocks. */
    static Room of(Path home) throws ImageException, IOException {
      Catalogue catalogue = Catalogue.open(home, System.getenv());
      Map<String, Long> images = new HashMap<>();
      for (CatalogueEntry entry : catalogue.entries()) {
        EntryState state = catalogue.state(entry);
        images.put(entry.id(), state.ready() ? state.bytesOnDisk() : entry.diskBytes());
      }
      return new Room(images, Files.getFileStore(home).getUsableSpace());
    }
  }

  private final Ui ui;
  private final MachinesModel machines;
  final StringProperty name = new SimpleStringProperty("");
  final StringProperty description = new SimpleStringProperty("");

  /** The guest of the catalogue that it boots; null for a kernel of the owner's own. */
  final ObjectProperty<@Nullable CatalogueEntry> guest = new SimpleObjectProperty<>(null);

  final StringProperty kernel = new SimpleStringProperty("");
  final StringProperty initrd = new SimpleStringProperty("");
  final StringProperty commandLine = new SimpleStringProperty("console=ttyS0");
  final StringProperty cpus = new SimpleStringProperty("1");
  final StringProperty memory = new SimpleStringProperty("256");
  final StringProperty engine = new SimpleStringProperty("auto");

  /** Whether it gets a copy of its guest's disk rather than one that shares the image. */
  final BooleanProperty fullCopy = new SimpleBooleanProperty(false);

  /** What the image of each guest takes on this computer, and what is free; bytes. */
  final ObjectProperty<Room> room = new SimpleObjectProperty<>(new Room(Map.of(), Long.MAX_VALUE));

  final BooleanProperty withDisk = new SimpleBooleanProperty(false);
  final StringProperty diskGib = new SimpleStringProperty("8");
  final BooleanProperty network = new SimpleBooleanProperty(NewMachines.userNetworkWorks());
  final ObjectProperty<List<PortForward>> forwards = new SimpleObjectProperty<>(List.of());

  NewMachineModel(Ui ui, MachinesModel machines) {
    this.ui = ui;
    this.machines = machines;
    String first = "linux";
    String free = first;
    for (int i = 2; machines.taken(free); i++) {
      free = first + "-" + i;
    }
    name.set(free);
  }

  /** Takes a guest of the catalogue, and the size that suits it. */
  void choose(CatalogueEntry entry) {
    guest.set(entry);
    cpus.set(Integer.toString(entry.defaults().cpus()));
    memory.set(Integer.toString(entry.defaults().memoryMib()));
    if (entry.user().isEmpty()) {
      forwards.set(forwards.get().stream().filter(forward -> !isSsh(forward)).toList());
    } else if (forwards.get().stream().noneMatch(NewMachineModel::isSsh)) {
      ui.background()
          .call(
              () -> SshForward.fresh(machines.machines()),
              forward -> addSsh(entry, forward),
              ui.errors()::report);
    }
  }

  /** A guest that one logs in to by ssh gets a way for it. */
  private void addSsh(CatalogueEntry entry, PortForward forward) {
    if (entry.equals(guest.get()) && forwards.get().stream().noneMatch(NewMachineModel::isSsh)) {
      List<PortForward> more = new ArrayList<>(forwards.get());
      more.add(forward);
      forwards.set(List.copyOf(more));
    }
  }

  private static boolean isSsh(PortForward forward) {
    return SshForward.leadsToSsh(forward);
  }

  String nameProblem() {
    return Names.problem(
        ui, name.get(), wanted -> machines.taken(wanted) ? ui.text("form.nameTaken", wanted) : "");
  }

  String kernelProblem() {
    return guest.get() != null || isFile(kernel.get()) ? "" : ui.text("form.badKernel");
  }

  String initrdProblem() {
    return guest.get() != null || initrd.get().isBlank() || isFile(initrd.get())
        ? ""
        : ui.text("form.badInitrd");
  }

  String cpusProblem() {
    return Sizes.cpus(ui, cpus.get());
  }

  String memoryProblem() {
    return Sizes.memory(ui, memory.get());
  }

  /** About what a copy of the guest's disk takes, bytes; 0 where not known. */
  long copyBytes() {
    CatalogueEntry entry = guest.get();
    return entry == null ? 0 : room.get().images().getOrDefault(entry.id(), 0L);
  }

  String copyProblem() {
    return copies() && copyBytes() > room.get().free()
        ? ui.text("form.noRoom", Units.bytes(copyBytes()), Units.bytes(room.get().free()))
        : "";
  }

  /** Whether the guest's disk is copied; a guest without one has none to copy. */
  private boolean copies() {
    CatalogueEntry entry = guest.get();
    return fullCopy.get() && entry != null && entry.hasDisk();
  }

  String diskProblem() {
    return !withDisk.get() || Sizes.within(diskGib.get(), 1, MOST_GIB)
        ? ""
        : ui.text("form.badDisk", MOST_GIB);
  }

  private static boolean isFile(String path) {
    return !path.isBlank() && Files.isRegularFile(Path.of(path.strip()));
  }

  /** What was asked for; call it when no problem is left. */
  NewMachine wanted() {
    long bytes = withDisk.get() ? Long.parseLong(diskGib.get().strip()) << 30 : 0;
    return new NewMachine(definition(), copies(), bytes);
  }

  private VmDefinition definition() {
    CatalogueEntry entry = guest.get();
    GuestSource source =
        entry != null
            ? new GuestSource.Catalogue(entry.id(), "")
            : new GuestSource.Kernel(
                Path.of(kernel.get().strip()),
                initrd.get().isBlank() ? null : Path.of(initrd.get().strip()),
                commandLine.get());
    List<NetConfig> networks =
        network.get() ? List.of(NewMachines.userNetwork("net0", forwards.get())) : List.of();
    // Tiny Linux has its one shell on the serial console.
    boolean virtioConsole = entry == null || entry.hasDisk();
    return new VmDefinition(
        name.get(),
        description.get(),
        Integer.parseInt(cpus.get().strip()),
        Integer.parseInt(memory.get().strip()),
        engine.get(),
        source,
        new DeviceSet(List.of(), networks, true, true, virtioConsole, null),
        false);
  }
}
