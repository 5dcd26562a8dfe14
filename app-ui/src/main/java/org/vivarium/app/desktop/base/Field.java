package org.vivarium.app.desktop.base;

import atlantafx.base.theme.Styles;
import java.util.function.Supplier;
import javafx.scene.control.Label;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/** A field of a form: its name, the control, and what is wrong with it while the person types. */
public final class Field extends VBox {
  private final Region control;
  private final Label wrong = Controls.paragraph("", "field-error", "small");
  private Supplier<String> check = () -> "";

  /** Makes a field; {@code hint} explains it below the control, if it is not empty. */
  public Field(String name, Region control, String hint) {
    super(4);
    this.control = control;
    Label label = Controls.label(name, "field-name");
    label.setLabelFor(control);
    control.setAccessibleText(name);
    control.setMaxWidth(Double.MAX_VALUE);
    getStyleClass().add("field");
    getChildren().addAll(label, control);
    if (!hint.isEmpty()) {
      getChildren().add(Controls.paragraph(hint, "muted", "small"));
    }
    getChildren().add(wrong);
    Controls.show(wrong, false);
  }

  /**
   * Sets the rule of the field.
   *
   * @param rule returns what is wrong, a sentence, or the empty string
   */
  public Field check(Supplier<String> rule) {
    this.check = rule;
    return this;
  }

  /** Shows what is wrong; returns whether nothing is. */
  public boolean validate() {
    String problem = check.get();
    wrong.setText(problem);
    Controls.show(wrong, !problem.isEmpty());
    control.pseudoClassStateChanged(Styles.STATE_DANGER, !problem.isEmpty());
    return problem.isEmpty();
  }
}
