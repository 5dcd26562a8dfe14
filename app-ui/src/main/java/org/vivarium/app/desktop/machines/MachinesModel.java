package org.vivarium.app.desktop.machines;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import javafx.beans.property.ReadOnlyBooleanProperty;
import javafx.beans.property.ReadOnlyBooleanWrapper;
import javafx.collections.FXCollections;
import javafx.collections.ObservableList;
import org.jspecify.annotations.Nullable;
import org.vivarium.app.desktop.base.Background;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.machines.Removal;
import org.vivarium.vmm.client.MachineSummary;
import org.vivarium.vmm.client.Machines;
import org.vivarium.vmm.definition.VmDefinition;

/** The list of machines, kept as it is on disk. Belongs to the JavaFX thread. */
public final class MachinesModel implements AutoCloseable {
  private final Ui ui;
  private final Machines machines;
  private final Path home;
  private final ObservableList<MachineModel> list = FXCollections.observableArrayList();
  // One view for all: what listens to it is kept only as long as the view itself.
  private final ObservableList<MachineModel> view = FXCollections.unmodifiableObservableList(list);
  private final Map<String, MachineModel> byName = new HashMap<>();
  private final ReadOnlyBooleanWrapper loaded = new ReadOnlyBooleanWrapper();
  private final AtomicReference<@Nullable List<MachineSummary>> newest = new AtomicReference<>();
  private final Runnable takeSoon = FxThread.coalesced(this::take);
  private final Machines.Watch watch;

  /**
   * Begins to watch the list.
   *
   * @param home the home folder
   */
  public MachinesModel(Ui ui, Machines machines, Path home) {
    this.ui = ui;
    this.machines = machines;
    this.home = home;
    this.watch = machines.watch(this::changed);
    ui.background().call(machines::list, this::apply, ui.errors()::report);
  }

  /** The machines, sorted by name. */
  public ObservableList<MachineModel> list() {
    return view;
  }

  /** Whether the list has been read once. */
  public ReadOnlyBooleanProperty loaded() {
    return loaded.getReadOnlyProperty();
  }

  /** The machine of that name. */
  public Optional<MachineModel> find(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  /** Whether a machine has that name, in whichever case. */
  public boolean taken(String name) {
    return byName.keySet().stream().anyMatch(name::equalsIgnoreCase);
  }

  /** The home folder. */
  public Path home() {
    return home;
  }

  /** The keeper of the machines, for what blocks. */
  public Machines machines() {
    return machines;
  }

  /**
   * Makes a machine of a definition.
   *
   * @param done hears of the model, on the JavaFX thread
   * @param failed hears why not
   */
  public void create(
      VmDefinition definition, Consumer<MachineModel> done, Consumer<Throwable> failed) {
    make(definition.name(), () -> machines.create(definition), done, failed);
  }

  /**
   * Makes a machine in whichever way.
   *
   * @param maker makes it; blocks, and an interrupt ends it
   * @param done hears of the model, on the JavaFX thread
   * @param failed hears why not
   */
  public Future<?> make(
      String name, Background.Work maker, Consumer<MachineModel> done, Consumer<Throwable> failed) {
    return ui.background()
        .call(
            () -> {
              maker.run();
              return machines.find(name);
            },
            summary -> {
              MachineModel made = modelOf(summary);
              insert(made);
              done.accept(made);
            },
            failed);
  }

  private void changed(List<MachineSummary> now) {
    newest.set(now);
    takeSoon.run();
  }

  private void take() {
    List<MachineSummary> now = newest.getAndSet(null);
    if (now != null) {
      apply(now);
    }
  }

  private void apply(List<MachineSummary> now) {
    Set<String> names = new HashSet<>();
    List<MachineModel> models = new ArrayList<>();
    for (MachineSummary summary : now) {
      names.add(summary.name());
      models.add(modelOf(summary));
    }
    List<String> gone = byName.keySet().stream().filter(name -> !names.contains(name)).toList();
    for (String name : gone) {
      MachineModel model = byName.remove(name);
      if (model != null) {
        model.close();
      }
    }
    if (!list.equals(models)) {
      list.setAll(models);
    }
    loaded.set(true);
  }

  private MachineModel modelOf(MachineSummary summary) {
    MachineModel known = byName.get(summary.name());
    if (known != null) {
      known.update(summary);
      return known;
    }
    MachineModel made = new MachineModel(ui, new Removal(home, machines), summary);
    byName.put(summary.name(), made);
    return made;
  }

  private void insert(MachineModel made) {
    if (!list.contains(made)) {
      int place = 0;
      while (place < list.size() && list.get(place).name().compareTo(made.name()) < 0) {
        place++;
      }
      list.add(place, made);
    }
  }

  /** Lets go of every machine; all go on. */
  @Override
  public void close() {
    watch.close();
    byName.values().forEach(MachineModel::close);
  }
}
