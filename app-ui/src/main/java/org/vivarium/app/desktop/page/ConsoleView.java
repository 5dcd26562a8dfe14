package org.vivarium.app.desktop.page;

import com.techsenger.jeditermfx.ui.JediTermFxWidget;
import java.util.logging.Level;
import java.util.logging.Logger;
import javafx.animation.AnimationTimer;
import javafx.application.ColorScheme;
import javafx.scene.Node;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.input.KeyEvent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import javafx.util.Subscription;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Theme;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.vmm.client.MachineConnection;
import org.vivarium.vmm.client.MachineConnection.Console;
import org.vivarium.vmm.client.MachineConnection.ConsoleConnection;

/** A machine's console: a terminal while it runs, what it last showed afterwards. */
public final class ConsoleView extends VBox implements AutoCloseable {
  /**
   * The terminal reports races within itself that it mends by the next frame; held, to stay off.
   */
  private static final Logger TERMINAL_LOG = Logger.getLogger("com.techsenger.jeditermfx");

  static {
    TERMINAL_LOG.setLevel(Level.OFF);
  }

  private static final int FOCUS_FRAMES = 15;

  /** More than a screen has. */
  private static final int SCREEN_LINES = 300;

  private final Ui ui;
  private final MachineModel machine;
  private final StackPane place = new StackPane();
  private final Label off = Controls.paragraph("", "console-off");
  private final HBox bar;
  private final TerminalColours colours = new TerminalColours(Theme.isDark());
  private final Subscription subscriptions;
  private Console console = Console.SERIAL;
  private @Nullable JediTermFxWidget terminal;
  private boolean keyboardWanted;
  private int generation;

  ConsoleView(Ui ui, MachineModel machine) {
    this.ui = ui;
    this.machine = machine;
    getStyleClass().add("console");
    place.getStyleClass().add("console-place");
    place.setMinSize(0, 0);
    VBox.setVgrow(place, Priority.ALWAYS);
    off.setId("console-off");
    bar = bar();
    getChildren().addAll(bar, place, off);
    subscriptions =
        Subscription.combine(
            machine.connection().subscribe(this::connect),
            machine.state().subscribe(_ -> showOff()),
            Theme.scheme().subscribe(this::recolour));
  }

  private HBox bar() {
    HBox row = Controls.row(8, Controls.label(ui.text("part.CONSOLE"), "card-heading"));
    row.getStyleClass().add("console-bar");
    boolean both =
        machine.definition().map(definition -> definition.devices().console()).orElse(false);
    if (both) {
      ToggleGroup group = new ToggleGroup();
      HBox choices =
          new HBox(
              choice(group, "console.serial", Console.SERIAL, "left-pill"),
              choice(group, "console.virtio", Console.VIRTIO, "right-pill"));
      row.getChildren().add(choices);
    }
    row.getChildren()
        .addAll(
            Controls.spacer(),
            Controls.iconButton(Feather.SEARCH, ui.text("console.search"), this::search));
    return row;
  }

  private ToggleButton choice(ToggleGroup group, String key, Console which, String style) {
    ToggleButton button = new ToggleButton(ui.text(key));
    button.setId("console-" + which.name());
    if (which == Console.VIRTIO) {
      Controls.describe(button, ui.text("console.virtioHint"));
    }
    button.getStyleClass().addAll(style, "small");
    button.setToggleGroup(group);
    button.setSelected(which == console);
    button.setOnAction(
        _ -> {
          button.setSelected(true);
          console = which;
          connect(machine.connection().get());
        });
    return button;
  }

  private void search() {
    JediTermFxWidget current = terminal;
    if (current != null) {
      current.getActions().getFirst().actionPerformed(null);
    }
  }

  /**
   * Opens the console of a machine that has begun to run; keeps the last picture of one that ended.
   */
  private void connect(@Nullable MachineConnection connection) {
    showOff();
    if (connection == null) {
      return;
    }
    int mine = ++generation;
    Console which = console;
    ui.background()
        .call(
            () -> connection.openConsole(which),
            opened -> {
              if (mine == generation) {
                show(opened);
              } else {
                opened.close();
              }
            },
            thrown -> {
              if (connection.equals(machine.connection().get())) {
                ui.errors().report(thrown);
              }
            });
  }

  private void show(ConsoleConnection opened) {
    closeTerminal();
    JediTermFxWidget made = new JediTermFxWidget(80, 24, colours);
    made.setTtyConnector(
        new ConsoleConnector(
            opened, machine.name(), colours.getBufferMaxLinesCount() + SCREEN_LINES));
    terminal = made;
    made.getPane().setId("terminal");
    // The terminal would type a NUL for each press of a modifier alone.
    made.getPane()
        .addEventFilter(
            KeyEvent.KEY_PRESSED,
            e -> {
              if (e.getCode().isModifierKey()) {
                e.consume();
              }
            });
    place.getChildren().setAll(made.getPane());
    made.start();
    showOff();
    if (keyboardWanted) {
      takeKeyboard();
    }
  }

  /** The terminal's text as it is now, line by line: for tests and for screen readers. */
  public String text() {
    JediTermFxWidget current = terminal;
    return current == null ? "" : current.getTerminalTextBuffer().getScreenLines();
  }

  /** Gives the keyboard to the terminal, now or when it opens. */
  void takeKeyboard() {
    keyboardWanted = true;
    JediTermFxWidget current = terminal;
    if (current != null) {
      keepAsking(current.getTerminalPanel().getCanvas());
    }
  }

  /** What had the keyboard may leave the window only now, and the window then looks for another. */
  private static void keepAsking(Node canvas) {
    new AnimationTimer() {
      private int frames;

      @Override
      public void handle(long now) {
        if (!canvas.isFocused()) {
          canvas.requestFocus();
        }
        if (++frames == FOCUS_FRAMES) {
          stop();
        }
      }
    }.start();
  }

  private void showOff() {
    boolean connected = machine.connection().get() != null;
    boolean empty = terminal == null;
    off.setText(
        ui.text(
            machine.activity().get() != null
                ? "console.starting"
                : empty ? "console.offEmpty" : "console.off"));
    Controls.show(off, !connected);
    Controls.show(place, !empty);
    off.getStyleClass().setAll("console-off", empty ? "console-off-all" : "console-off-line");
    VBox.setVgrow(off, empty ? Priority.ALWAYS : Priority.NEVER);
    off.setMaxHeight(Double.MAX_VALUE);
    off.setMaxWidth(Double.MAX_VALUE);
  }

  private void recolour(ColorScheme scheme) {
    colours.setDark(scheme == ColorScheme.DARK);
    JediTermFxWidget current = terminal;
    if (current != null) {
      current.getTerminalPanel().repaint();
    }
  }

  private void closeTerminal() {
    JediTermFxWidget old = terminal;
    if (old != null) {
      terminal = null;
      place.getChildren().clear();
      // Here and now: the timer of a panel that was collected before it stopped throws at each
      // tick.
      old.getTerminalPanel().dispose();
      ui.background()
          .run(
              () -> {
                old.getTtyConnector().close();
                old.close();
              },
              () -> {},
              ui.errors()::report);
    }
  }

  /** Lets go of the console, which goes on. */
  @Override
  public void close() {
    generation++;
    subscriptions.unsubscribe();
    closeTerminal();
  }
}
