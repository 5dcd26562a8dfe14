package org.vivarium.app.desktop.page;

import atlantafx.base.theme.Styles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javafx.animation.Animation;
import javafx.animation.KeyFrame;
import javafx.animation.Timeline;
import javafx.geometry.Side;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.ContextMenu;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.base.Units;
import org.vivarium.app.desktop.machines.Activity;
import org.vivarium.app.desktop.machines.MachineModel;
import org.vivarium.vmm.client.MachineStatus;
import org.vivarium.vmm.client.MachineSummary.State;

/** The head of a machine's page: name, state, and what can be done now. */
final class MachineHeader extends VBox {
  private final Ui ui;
  private final MachineModel machine;
  private final MachineActions actions;
  private final StateBadge badge = new StateBadge();
  private final Label state = Controls.label("", "state-word");
  private final Label facts = Controls.label("", "muted");
  private final HBox buttons = Controls.row(8);
  private final Label step = Controls.label("", "muted");
  private final ProgressBar progress = new ProgressBar();
  private final HBox activityRow;
  private final Label problem = Controls.paragraph("", "problem-text");
  private final Timeline clock =
      new Timeline(new KeyFrame(javafx.util.Duration.seconds(1), _ -> showFacts()));

  /** The start that {@link #startNanos} belongs to, milliseconds since 1970. */
  private long startKnown;

  /** When that was, as {@link System#nanoTime} has it. */
  private long startNanos;

  MachineHeader(Ui ui, MachineModel machine, MachineActions actions) {
    super(8);
    this.ui = ui;
    this.machine = machine;
    this.actions = actions;
    getStyleClass().add("machine-header");
    Label name = Controls.label(machine.name(), Styles.TITLE_3);
    HBox stateRow = Controls.row(6, badge, state);
    state.setMinWidth(Region.USE_PREF_SIZE);
    HBox row = Controls.row(16, name, stateRow, facts, Controls.spacer(), buttons);
    buttons.setMinWidth(Region.USE_PREF_SIZE);
    Button cancel = new Button(ui.text("dialog.cancel"));
    cancel.setId("cancel-activity");
    cancel.getStyleClass().addAll(Styles.SMALL);
    cancel.setOnAction(_ -> machine.cancel());
    progress.setPrefWidth(240);
    progress.getStyleClass().add("thin-bar");
    activityRow = Controls.row(12, progress, step, Controls.spacer(), cancel);
    activityRow.setId("activity");
    getChildren().addAll(row, activityRow, problem);
    clock.setCycleCount(Animation.INDEFINITE);
    sceneProperty()
        .subscribe(
            scene -> {
              if (scene == null) {
                clock.stop();
              } else {
                clock.play();
              }
            });
    machine.state().subscribe(_ -> showState());
    machine.summary().subscribe(_ -> showState());
    machine.status().subscribe(_ -> showState());
    machine.activity().subscribe(this::showActivity);
  }

  private void showState() {
    State now = machine.state().get();
    badge.show(now);
    state.setText(ui.text(StateBadge.textKey(now)));
    showFacts();
    List<Node> shown = new ArrayList<>();
    for (MachineAction action :
        List.of(
            MachineAction.START,
            MachineAction.RESUME,
            MachineAction.SHUT_DOWN,
            MachineAction.PAUSE_MACHINE,
            MachineAction.RESTART)) {
      if (action.fits(now)) {
        shown.add(button(action));
      }
    }
    Button more = Controls.iconButton(Feather.MORE_HORIZONTAL, ui.text("action.more"), () -> {});
    more.setId("more");
    more.setOnAction(
        _ -> {
          ContextMenu menu = new ContextMenu();
          menu.getItems().setAll(actions.menu(List.of(machine)));
          menu.show(more, Side.BOTTOM, 0, 4);
        });
    shown.add(more);
    buttons.getChildren().setAll(shown);
    MachineStatus status = machine.status().get();
    Optional<String> own = status == null ? Optional.empty() : status.problem();
    // Of a machine that runs, the list tells how it ended the time before.
    String trouble =
        own.or(
                () ->
                    MachineModel.isActive(now)
                        ? Optional.empty()
                        : machine.summary().get().problem())
            .orElse("");
    problem.setText(ui.passedOn(trouble));
    Controls.show(problem, !trouble.isEmpty());
  }

  private Button button(MachineAction action) {
    boolean first = action == MachineAction.START || action == MachineAction.RESUME;
    Runnable run = () -> actions.run(action, List.of(machine));
    String words = ui.text(action.textKey());
    Button button =
        first || action == MachineAction.SHUT_DOWN
            ? Controls.button(action.icon(), words, run)
            : Controls.iconButton(action.icon(), words, run);
    if (first) {
      button.getStyleClass().add(Styles.ACCENT);
    }
    button.setId("action-" + action.name());
    button.setDisable(machine.activity().get() != null && action != MachineAction.RESTART);
    return button;
  }

  private void showFacts() {
    MachineStatus status = machine.status().get();
    if (status == null || machine.connection().get() == null) {
      facts.setText("");
      return;
    }
    if (status.startedMillis() != startKnown) {
      // Once for each start: the computer's clock may be set while a machine runs.
      startKnown = status.startedMillis();
      long before = Math.max(0, System.currentTimeMillis() - startKnown);
      startNanos = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(before);
    }
    facts.setText(
        ui.text(
            "header.facts",
            ui.text("engine." + status.engine()),
            Units.clock(Duration.ofNanos(System.nanoTime() - startNanos))));
  }

  private void showActivity(@Nullable Activity activity) {
    Controls.show(activityRow, activity != null);
    if (activity != null) {
      step.setText(activity.step());
      progress.setProgress(
          activity.done() < 0 ? ProgressBar.INDETERMINATE_PROGRESS : activity.done());
    }
    showState();
  }
}
