package org.vivarium.app.desktop.page;

import javafx.scene.control.ComboBox;
import javafx.util.StringConverter;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.vmm.engine.EngineChoice;

/** The box in which an engine is chosen. */
public final class EngineChoices {
  private EngineChoices() {}

  /** Makes the box; its values are the engines' names in definitions. */
  public static ComboBox<String> box(Ui ui) {
    ComboBox<String> box = new ComboBox<>();
    box.getItems().setAll(EngineChoice.names());
    box.setValue("auto");
    box.setConverter(
        new StringConverter<>() {
          @Override
          public String toString(String name) {
            return name == null ? "" : ui.text("form.engine." + name);
          }

          @Override
          public String fromString(String words) {
            throw new UnsupportedOperationException("The box is not edited.");
          }
        });
    return box;
  }
}
