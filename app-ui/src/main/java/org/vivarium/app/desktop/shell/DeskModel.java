package org.vivarium.app.desktop.shell;

import java.nio.file.Path;
import java.util.List;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.collections.FXCollections;
import javafx.collections.ListChangeListener;
import javafx.collections.ObservableList;
import javafx.util.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.compare.CompareModel;
import org.vivarium.app.desktop.create.NewMachine;
import org.vivarium.app.desktop.machines.Definitions;
import org.vivarium.app.desktop.machines.DiskFiles;
import org.vivarium.app.desktop.machines.HostModel;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.app.desktop.machines.NewMachines;
import org.vivarium.app.desktop.page.MachinePage;
import org.vivarium.app.machines.Cloning;
import org.vivarium.vmm.definition.VmDefinition;

/** What the window shows. Belongs to the JavaFX thread. */
public final class DeskModel {
  /** What is on the right. */
  public enum Page {
    /** The machines that are selected in the list, or the first page. */
    MACHINES,
    NEW_MACHINE,
    COMPARE,
    IMAGES
  }

  private static final Logger LOG = LoggerFactory.getLogger(DeskModel.class);

  private final Ui ui;
  private final MachinesModel machines;
  private final HostModel host;
  private final CompareModel compare;
  private final ObjectProperty<Page> page = new SimpleObjectProperty<>(Page.MACHINES);
  private final ObjectProperty<MachinePage.Part> part =
      new SimpleObjectProperty<>(MachinePage.Part.OVERVIEW);
  private final ObservableList<MachineModel> selected = FXCollections.observableArrayList();
  private Subscription watched = Subscription.EMPTY;
  private boolean creating;

  /** Makes the model of a window. */
  public DeskModel(Ui ui, MachinesModel machines, HostModel host, CompareModel compare) {
    this.ui = ui;
    this.machines = machines;
    this.host = host;
    this.compare = compare;
    selected.addListener((ListChangeListener<MachineModel>) _ -> keepReady());
  }

  /** The start of the machine that is shown is the one most likely to be asked for next. */
  private void keepReady() {
    watched.unsubscribe();
    watched = Subscription.EMPTY;
    if (selected.size() == 1) {
      MachineModel shown = selected.getFirst();
      watched =
          shown
              .state()
              .subscribe(
                  state -> {
                    if (!MachineModel.isActive(state)) {
                      prepare(shown.name());
                    }
                  });
    }
  }

  private void prepare(String name) {
    ui.background()
        .run(
            () -> machines.machines().prepare(name),
            () -> {},
            thrown -> LOG.debug("{} starts without a process that is ready", name, thrown));
  }

  /** What views need besides their models. */
  public Ui ui() {
    return ui;
  }

  /** The machines. */
  public MachinesModel machines() {
    return machines;
  }

  /** This computer. */
  public HostModel host() {
    return host;
  }

  /** The comparison of a machine with a container. */
  public CompareModel compare() {
    return compare;
  }

  /** What is on the right. */
  public ObjectProperty<Page> page() {
    return page;
  }

  /** The part of a machine's page that is shown, whichever machine it is. */
  public ObjectProperty<MachinePage.Part> part() {
    return part;
  }

  /** The machines that are selected. */
  public ObservableList<MachineModel> selected() {
    return selected;
  }

  /** Shows one machine. */
  public void show(MachineModel machine, MachinePage.Part shownPart) {
    part.set(shownPart);
    selected.setAll(List.of(machine));
    page.set(Page.MACHINES);
  }

  /** The first click: makes a Linux machine, starts it and shows its console. */
  public void startFirstLinux() {
    if (creating) {
      return;
    }
    String name = NewMachines.FIRST;
    for (int i = 2; machines.taken(name); i++) {
      name = NewMachines.FIRST + "-" + i;
    }
    create(new NewMachine(NewMachines.firstLinux(name), false, 0));
  }

  private void failed(Throwable thrown) {
    creating = false;
    ui.errors().report(thrown);
  }

  private void begin(MachineModel machine, NewMachine wanted) {
    creating = false;
    show(machine, MachinePage.Part.CONSOLE);
    if (wanted.fullCopy()) {
      Cloning cloning = new Cloning(machines.home(), machines.machines());
      machine.work(
          ui.text("new.copying", machine.name()),
          progress -> cloning.copyGuest(wanted.definition(), System.getenv(), progress),
          machine::start);
    } else {
      machine.start();
    }
  }

  /** Makes a machine, starts it and shows its console. */
  public void create(NewMachine wanted) {
    if (creating) {
      return;
    }
    creating = true;
    VmDefinition definition = wanted.definition();
    if (wanted.diskBytes() == 0) {
      machines.create(definition, machine -> begin(machine, wanted), this::failed);
      return;
    }
    Path file = Path.of(definition.name() + ".qcow2");
    VmDefinition whole =
        Definitions.withDisk(definition, Definitions.newDisk(definition, file), true);
    machines.create(
        whole,
        machine ->
            ui.background()
                .run(
                    () -> DiskFiles.create(machine.folder().resolve(file), wanted.diskBytes()),
                    () -> begin(machine, wanted),
                    this::failed),
        this::failed);
  }
}
