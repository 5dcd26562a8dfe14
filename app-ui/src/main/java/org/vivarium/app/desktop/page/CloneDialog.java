package org.vivarium.app.desktop.page;

import atlantafx.base.theme.Styles;
import java.util.function.BiConsumer;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.TextField;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachinesModel;

/** Asks what a machine made of another, or of a template, is called and whether it shares disks. */
public final class CloneDialog {
  /**
   * What the dialog says.
   *
   * @param title its heading
   * @param confirm the word on the button that makes the machine
   * @param hint what sharing and copying mean
   */
  public record Words(String title, String confirm, String hint) {}

  private CloneDialog() {}

  /**
   * Shows the dialog.
   *
   * @param like what the new machine's name is derived from
   * @param make takes the name and whether the disks are copied whole
   */
  public static void show(
      Ui ui, MachinesModel machines, Words words, String like, BiConsumer<String, Boolean> make) {
    TextField name = new TextField(freeName(machines, like));
    name.setId("clone-name");
    CheckBox full = new CheckBox(ui.text("clone.full"));
    full.setId("clone-full");
    Button confirm = new Button(words.confirm());
    confirm.setId("dialog-confirm");
    confirm.getStyleClass().add(Styles.ACCENT);
    Field field =
        Names.field(
            ui,
            ui.text("form.name"),
            name,
            confirm,
            wanted -> machines.taken(wanted) ? ui.text("form.nameTaken", wanted) : "");
    confirm.setOnAction(
        _ -> {
          ui.dialogs().close();
          make.accept(name.getText(), full.isSelected());
        });
    ui.dialogs()
        .show(
            words.title(),
            confirm,
            field,
            full,
            Controls.paragraph(words.hint(), "muted", "small"));
  }

  private static String freeName(MachinesModel machines, String name) {
    String stem = name.replaceFirst("-[0-9]+$", "");
    int number = 2;
    while (machines.taken(stem + "-" + number)) {
      number++;
    }
    return stem + "-" + number;
  }
}
