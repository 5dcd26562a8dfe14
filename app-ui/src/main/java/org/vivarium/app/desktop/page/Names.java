package org.vivarium.app.desktop.page;

import java.util.function.UnaryOperator;
import javafx.scene.control.Button;
import javafx.scene.control.TextField;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;

/** Names that a person gives: to machines, to snapshots, to files of disks. */
public final class Names {
  private static final String RULE = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}";

  private Names() {}

  /**
   * What is wrong with a name; the empty string if nothing is.
   *
   * @param taken says so, in a sentence, where something has that name already; else nothing
   */
  public static String problem(Ui ui, String name, UnaryOperator<String> taken) {
    return name.matches(RULE) ? taken.apply(name) : ui.text("form.badName");
  }

  /**
   * The field of a name.
   *
   * @param label what the field is called
   * @param name what is typed
   * @param confirm is open while the name is good
   */
  static Field field(
      Ui ui, String label, TextField name, Button confirm, UnaryOperator<String> taken) {
    Field field = new Field(label, name, "").check(() -> problem(ui, name.getText(), taken));
    name.textProperty().subscribe(_ -> confirm.setDisable(!field.validate()));
    return field;
  }
}
