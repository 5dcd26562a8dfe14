package org.vivarium.app.desktop.page;

import atlantafx.base.theme.Styles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javafx.scene.control.Button;
import javafx.scene.control.MenuItem;
import javafx.scene.control.TextField;
import javafx.scene.input.Clipboard;
import javafx.scene.input.DataFormat;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Dialogs;
import org.vivarium.app.desktop.base.Errors;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.app.desktop.machines.MachinesModel;
import org.vivarium.app.machines.Cloning;
import org.vivarium.app.machines.MachineSnapshots;
import org.vivarium.app.machines.SshForward;
import org.vivarium.app.machines.SshLogin;
import org.vivarium.app.machines.Templating;
import org.vivarium.vmm.client.MachineConnection;

/**
 * Does what a person asks of one or several machines, after one question where something is lost.
 */
public final class MachineActions {
  /** More are counted. */
  private static final int MOST_NAMES = 3;

  private final Ui ui;
  private final MachinesModel machines;

  private final Runnable templateMade;

  /**
   * Makes the actions of a window.
   *
   * @param templateMade runs when a machine has become a template
   */
  public MachineActions(Ui ui, MachinesModel machines, Runnable templateMade) {
    this.ui = ui;
    this.machines = machines;
    this.templateMade = templateMade;
  }

  /** Does {@code action} with each machine that it fits. */
  public void run(MachineAction action, List<MachineModel> chosen) {
    List<MachineModel> fitting =
        chosen.stream().filter(machine -> action.fits(machine.state().get())).toList();
    if (fitting.isEmpty() || (fitting.size() > 1 && !action.forSeveral())) {
      return;
    }
    switch (action) {
      case START -> fitting.forEach(MachineModel::start);
      case RESUME -> fitting.forEach(machine -> machine.ask(MachineConnection::resume));
      case SHUT_DOWN -> fitting.forEach(MachineModel::shutDown);
      case PAUSE_MACHINE -> fitting.forEach(machine -> machine.ask(MachineConnection::pause));
      case OPEN_FOLDER -> openFolder(fitting.getFirst());
      case COPY_SSH -> findSsh(fitting.getFirst());
      case CLONE -> askToClone(fitting.getFirst());
      case TEMPLATE -> askForTemplate(fitting.getFirst());
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
      boolean alone = chosen.size() == 1;
      if ((alone || action.forSeveral())
          && chosen.stream().anyMatch(machine -> offers(machine, action))) {
        MenuItem item =
            Controls.item(action.icon(), ui.text(action.textKey()), () -> run(action, chosen));
        item.setId("menu-" + action.name());
        item.setAccelerator(action.keys());
        items.add(item);
      }
    }
    return items;
  }

  /** The home folder. */
  Path home() {
    return machines.home();
  }

  /** The snapshots of the window's machines. */
  MachineSnapshots snapshots() {
    return new MachineSnapshots(machines.home(), machines.machines());
  }

  private static boolean offers(MachineModel machine, MachineAction action) {
    return action.fits(machine.state().get())
        && (action != MachineAction.COPY_SSH
            || machine.definition().flatMap(SshForward::find).isPresent());
  }

  private void findSsh(MachineModel machine) {
    machine
        .definition()
        .ifPresent(
            definition ->
                ui.background()
                    .call(
                        () ->
                            SshLogin.find(
                                    machines.home(), definition, machine.folder(), System.getenv())
                                .command(List.of()),
                        words -> showSsh(machine, words),
                        ui.errors()::report));
  }

  private void showSsh(MachineModel machine, List<String> words) {
    String line = words.stream().map(MachineActions::quoted).collect(Collectors.joining(" "));
    TextField field = new TextField(line);
    field.setId("ssh-command");
    field.setEditable(false);
    Button copy = new Button(ui.text("ssh.copy"));
    copy.getStyleClass().add(Styles.ACCENT);
    copy.setOnAction(
        _ -> {
          Clipboard.getSystemClipboard().setContent(Map.of(DataFormat.PLAIN_TEXT, line));
          ui.dialogs().close();
        });
    ui.dialogs()
        .show(
            ui.text("ssh.title", machine.name()),
            copy,
            new Field(ui.text("ssh.command"), field, ui.text("ssh.hint")));
  }

  /** As a shell takes it. */
  private static String quoted(String word) {
    return word.matches("[A-Za-z0-9@%+=:,./_-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }

  private void askToClone(MachineModel machine) {
    Cloning cloning = new Cloning(machines.home(), machines.machines());
    CloneDialog.show(
        ui,
        machines,
        new CloneDialog.Words(
            ui.text("clone.title", machine.name()), ui.text("clone.now"), ui.text("clone.hint")),
        machine.name(),
        (name, full) ->
            machine.work(
                ui.text("clone.step", machine.name()),
                progress -> cloning.run(machine.name(), name, full, progress),
                () -> {}));
  }

  private void askForTemplate(MachineModel machine) {
    Templating templating = new Templating(machines.home(), machines.machines());
    ui.dialogs()
        .ask(
            new Dialogs.Question(
                ui.text("template.title", machine.name()),
                ui.text("template.text"),
                ui.text("template.now"),
                false),
            () ->
                machine.work(
                    ui.text("template.step", machine.name()),
                    _ -> templating.create(machine.name()),
                    templateMade));
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
                            ui.text("snapshots.delete"),
                            true),
                        () -> chosen.forEach(MachineModel::delete)),
            ui.errors()::report);
  }

  /** What goes with a machine's folder: each file's name and what it takes on disk. */
  private String losses(MachineModel machine) {
    Path folder = machine.folder();
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .filter(file -> Files.isRegularFile(file) && file.toFile().length() > 0)
          .filter(file -> !file.endsWith("process.json"))
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

  private String names(List<MachineModel> chosen) {
    return chosen.size() > MOST_NAMES
        ? ui.text("several.title", chosen.size())
        : chosen.stream().map(MachineModel::name).collect(Collectors.joining(", "));
  }
}
