package org.vivarium.app.desktop.page;

import java.util.Locale;
import javafx.scene.layout.StackPane;
import javafx.scene.shape.SVGPath;
import org.vivarium.vmm.client.MachineSummary.State;

/** The shape and the colour of a machine's state; the word stands beside it. */
public final class StateBadge extends StackPane {
  private final SVGPath shape = new SVGPath();

  /** Makes a badge of a stopped machine. */
  public StateBadge() {
    getStyleClass().add("state-badge");
    setMinSize(14, 14);
    setMaxSize(14, 14);
    getChildren().add(shape);
    show(State.STOPPED);
  }

  /** Shows another state. */
  public void show(State state) {
    shape.setContent(
        switch (state) {
          case RUNNING -> "M11 6 A5 5 0 1 1 1 6 A5 5 0 1 1 11 6 Z";
          case STARTING -> "M6 1 A5 5 0 0 1 6 11 Z M6 1 A5 5 0 0 0 6 11";
          case PAUSED -> "M2 1 H5 V11 H2 Z M7 1 H10 V11 H7 Z";
          case STOPPED -> "M10.5 6 A4.5 4.5 0 1 1 1.5 6 A4.5 4.5 0 1 1 10.5 6 Z";
          case FAILED -> "M6 1 L11.5 11 H0.5 Z";
          case BROKEN -> "M2 2 L10 10 M10 2 L2 10";
        });
    shape.getStyleClass().setAll("state-shape", "state-" + state.name().toLowerCase(Locale.ROOT));
  }

  /** The key of a state's word. */
  public static String textKey(State state) {
    return "state." + state.name();
  }
}
