package org.vivarium.app.desktop.page;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javafx.scene.control.MenuItem;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Dialogs;
import org.vivarium.app.desktop.base.Errors;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.vmm.client.MachineConnection;

/**
 * Does what a person asks of one or several machines, after one question where something is lost.
 */
public final class MachineActions {
  private final Ui ui;

  /** Makes the actions of a window. */
  public MachineActions(Ui ui) {
    this.ui = ui;
  }

  /** Does {@code action} with each machine that it fits. */
  public void run(MachineAction action, List<MachineModel> chosen) {
    List<MachineModel> fitting =
        chosen.stream().filter(machine -> action.fits(machine.state().get())).toList();
    if (fitting.isEmpty()) {
      return;
    }
    switch (action) {
      case START -> fitting.forEach(MachineModel::start);
      case RESUME -> fitting.forEach(machine -> machine.ask(MachineConnection::resume));
      case SHUT_DOWN -> fitting.forEach(MachineModel::shutDown);
      case PAUSE_MACHINE -> fitting.forEach(machine -> machine.ask(MachineConnection::pause));
      case OPEN_FOLDER -> fitting.forEach(this::openFolder);
      case RESTART ->
          question(action, fitting, () -> fitting.forEach(m -> m.ask(MachineConnection::reset)));
      case FORCE_OFF -> question(action, fitting, () -> fitting.forEach(MachineModel::forceOff));
      case DELETE -> askToDelete(fitting);
    }
  }

  /** The menu of what can be done with these machines now. */
  public List<MenuItem> menu(List<MachineModel> chosen) {
    List<MenuItem> items = new ArrayList<>();
    for (MachineAction action : MachineAction.values()) {
      if (chosen.stream().anyMatch(machine -> action.fits(machine.state().get()))) {
        MenuItem item =
            Controls.item(action.icon(), ui.text(action.textKey()), () -> run(action, chosen));
        item.setId("menu-" + action.name());
        item.setAccelerator(action.keys());
        items.add(item);
      }
    }
    return items;
  }

  private void question(MachineAction action, List<MachineModel> chosen, Runnable act) {
    String key = "ask." + action.name();
    ui.dialogs()
        .ask(
            new Dialogs.Question(
                ui.text(key + ".title", names(chosen)),
                ui.text(key + ".text"),
                ui.text(action.textKey()),
                true),
            act);
  }

  private void askToDelete(List<MachineModel> chosen) {
    ui.background()
        .call(
            () -> chosen.stream().map(this::losses).collect(Collectors.joining("\n")),
            losses ->
                ui.dialogs()
                    .ask(
                        new Dialogs.Question(
                            ui.text("ask.DELETE.title", names(chosen)),
                            ui.text("ask.DELETE.text", losses),
                            ui.text("action.DELETE"),
                            true),
                        () -> chosen.forEach(MachineModel::delete)),
            ui.errors()::report);
  }

  /** What goes with a machine's folder: each file's name and what it takes on disk. */
  private String losses(MachineModel machine) {
    Path folder = machine.folder();
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> "• " + folder.relativize(file) + "  " + Units.bytes(file.toFile().length()))
          .sorted()
          .limit(12)
          .collect(Collectors.joining("\n", machine.name() + "\n", ""));
    } catch (IOException e) {
      return ui.errors().sentence(e);
    }
  }

  private void openFolder(MachineModel machine) {
    ui.background()
        .run(
            () -> {
              Process opener = new ProcessBuilder("xdg-open", machine.folder().toString()).start();
              opener.getInputStream().transferTo(OutputStream.nullOutputStream());
            },
            () -> {},
            _ ->
                ui.errors()
                    .report(new Errors.Problem(ui.text("error.openFolder", machine.folder()), "")));
  }

  private static String names(List<MachineModel> chosen) {
    return chosen.stream().map(MachineModel::name).collect(Collectors.joining(", "));
  }
}
