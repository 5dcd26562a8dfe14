package org.vivarium.app.desktop.base;

import atlantafx.base.controls.ModalPane;
import atlantafx.base.theme.Styles;
import javafx.application.Platform;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;

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

  /** A question with more lines is scrolled. */
  private static final int MOST_LINES = 16;

  private static final double LONG_HEIGHT = 280;

  private final ModalPane pane = new ModalPane();
  private final Texts texts;
  private @Nullable Node shown;
  private @Nullable Node first;
  private @Nullable Node before;

  /**
   * @param texts the words of the buttons
   */
  public Dialogs(Texts texts) {
    this.texts = texts;
    pane.setId("dialogs");
    // With its own transitions the question is drawn once in the corner before it has its place,
    // and that picture stays.
    pane.setInTransitionFactory(null);
    pane.setOutTransitionFactory(null);
    pane.displayProperty()
        .subscribe(
            displayed -> {
              if (!displayed) {
                closed();
              }
            });
    pane.sceneProperty()
        .subscribe(
            scene -> {
              if (scene != null) {
                scene.focusOwnerProperty().subscribe(this::keepKeyboard);
              }
            });
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
    open(question.title(), confirm, !question.dangerous(), scrolledIfLong(question.text()));
  }

  private static Node scrolledIfLong(String words) {
    Label text = Controls.paragraph(words, "dialog-text");
    if (words.lines().count() <= MOST_LINES) {
      return text;
    }
    ScrollPane scroll = new ScrollPane(text);
    scroll.getStyleClass().add("plain-scroll");
    scroll.setFitToWidth(true);
    scroll.setPrefViewportHeight(LONG_HEIGHT);
    return scroll;
  }

  /**
   * Shows a form.
   *
   * @param confirm does what the form is for, and calls {@link #close} if it could
   */
  public void show(String title, Button confirm, Node... content) {
    open(title, confirm, true, content);
  }

  /**
   * @param eager whether the Enter key alone confirms
   */
  private void open(String title, Button confirm, boolean eager, Node... content) {
    Button cancel = new Button(texts.get("dialog.cancel"));
    cancel.setCancelButton(true);
    cancel.setOnAction(_ -> close());
    confirm.setDefaultButton(eager);
    HBox buttons = Controls.row(8, Controls.spacer(), cancel, confirm);
    VBox box = new VBox(16, Controls.label(title, Styles.TITLE_4));
    box.getChildren().addAll(content);
    box.getChildren().add(buttons);
    box.getStyleClass().add("dialog-box");
    box.setMaxSize(480, Region.USE_PREF_SIZE);
    box.setAlignment(Pos.TOP_LEFT);
    if (shown == null && pane.getScene() != null) {
      before = pane.getScene().getFocusOwner();
    }
    shown = box;
    pane.show(box);
    // The first field is what a form is about; where something is lost, the way out is nearest.
    first = eager ? confirm : cancel;
    if (box.lookup(".text-field") instanceof TextField field && field.isEditable()) {
      first = field;
      field.selectAll();
    }
    first.requestFocus();
  }

  /** While a question is shown, the keyboard reaches nothing behind it. */
  private void keepKeyboard(@Nullable Node owner) {
    Node box = shown;
    if (box == null || owner == null || !pane.isDisplay()) {
      return;
    }
    for (Node node = owner; node != null; node = node.getParent()) {
      if (node.equals(box)) {
        return;
      }
    }
    Platform.runLater(
        () -> {
          if (box.equals(shown) && first != null) {
            first.requestFocus();
          }
        });
  }

  /** Puts the question away. */
  public void close() {
    pane.hide(true);
  }

  /** However it was put away, the keyboard goes back to what had it. */
  private void closed() {
    shown = null;
    first = null;
    Node former = before;
    before = null;
    if (former != null && former.getScene() != null) {
      former.requestFocus();
    }
  }
}
