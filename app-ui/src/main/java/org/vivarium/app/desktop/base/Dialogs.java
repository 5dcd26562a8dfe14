package org.vivarium.app.desktop.base;

import atlantafx.base.controls.ModalPane;
import atlantafx.base.theme.Styles;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;

/** Questions and small forms in front of the page, inside the window. */
public final class Dialogs {
  /**
   * A question.
   *
   * @param title what is asked
   * @param text what follows from it
   * @param confirm the word on the button that does it
   * @param dangerous whether something is lost
   */
  public record Question(String title, String text, String confirm, boolean dangerous) {}

  private final ModalPane pane = new ModalPane();
  private final Texts texts;

  /**
   * @param texts the words of the buttons
   */
  public Dialogs(Texts texts) {
    this.texts = texts;
    pane.setId("dialogs");
    // With its own transitions the question is drawn once in the corner before it has its place,
    // and
    // that picture stays.
    pane.setInTransitionFactory(null);
    pane.setOutTransitionFactory(null);
  }

  /** What lies over the page. */
  public Node node() {
    return pane;
  }

  /** Asks, and does {@code action} if that is what the person wants. */
  public void ask(Question question, Runnable action) {
    Button confirm = new Button(question.confirm());
    confirm.getStyleClass().add(question.dangerous() ? Styles.DANGER : Styles.ACCENT);
    confirm.setId("dialog-confirm");
    confirm.setOnAction(
        _ -> {
          close();
          action.run();
        });
    show(question.title(), confirm, Controls.paragraph(question.text(), "dialog-text"));
  }

  /**
   * Shows a form.
   *
   * @param confirm does what the form is for, and calls {@link #close} if it could
   */
  public void show(String title, Button confirm, Node... content) {
    Button cancel = new Button(texts.get("dialog.cancel"));
    cancel.setCancelButton(true);
    cancel.setOnAction(_ -> close());
    confirm.setDefaultButton(true);
    HBox buttons = Controls.row(8, Controls.spacer(), cancel, confirm);
    VBox box = new VBox(16, Controls.label(title, Styles.TITLE_4));
    box.getChildren().addAll(content);
    box.getChildren().add(buttons);
    box.getStyleClass().add("dialog-box");
    box.setMaxSize(480, Region.USE_PREF_SIZE);
    box.setAlignment(Pos.TOP_LEFT);
    pane.show(box);
    confirm.requestFocus();
  }

  /** Puts the question away. */
  public void close() {
    pane.hide(true);
  }
}
