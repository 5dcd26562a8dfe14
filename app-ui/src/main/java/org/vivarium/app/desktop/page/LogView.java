package org.vivarium.app.desktop.page;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import javafx.collections.ListChangeListener;
import javafx.scene.control.Label;
import javafx.scene.control.ListCell;
import javafx.scene.control.ListView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.jspecify.annotations.Nullable;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.desktop.machines.LogLine;
import org.vivarium.app.desktop.machines.MachineModel;

/** What has happened to a machine, in words. */
final class LogView extends VBox {
  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT)
          .withZone(ZoneId.systemDefault());

  LogView(Ui ui, MachineModel machine) {
    getStyleClass().add("page");
    ListView<LogLine> list = new ListView<>(machine.log());
    list.getStyleClass().add("log-list");
    list.setCellFactory(_ -> new Cell(ui));
    list.setPlaceholder(Controls.paragraph(ui.text("log.empty"), "muted"));
    list.setAccessibleText(ui.text("part.LOG"));
    VBox.setVgrow(list, Priority.ALWAYS);
    machine
        .log()
        .addListener((ListChangeListener<LogLine>) _ -> list.scrollTo(machine.log().size() - 1));
    getChildren().add(list);
  }

  /** Digits differ in width. */
  private static final double TIME_WIDTH = 136;

  private static final class Cell extends ListCell<LogLine> {
    private final Label time = Controls.label("", "muted", "small", "figures");
    private final Label text = Controls.paragraph("");
    private final FontIcon icon = new FontIcon(Feather.INFO);
    private final HBox row = Controls.row(12, time, icon, text);

    private final Ui ui;

    Cell(Ui ui) {
      this.ui = ui;
      time.setMinWidth(TIME_WIDTH);
      HBox.setHgrow(text, Priority.ALWAYS);
      setPrefWidth(0);
    }

    @Override
    protected void updateItem(@Nullable LogLine line, boolean empty) {
      super.updateItem(line, empty);
      if (line == null || empty) {
        setGraphic(null);
        return;
      }
      time.setText(CLOCK.format(Instant.ofEpochMilli(line.millis())));
      text.setText(ui.passedOn(line.text()));
      icon.setIconCode(line.trouble() ? Feather.ALERT_TRIANGLE : Feather.CHEVRON_RIGHT);
      icon.getStyleClass().setAll("ikonli-font-icon", line.trouble() ? "log-trouble" : "log-note");
      setGraphic(row);
    }
  }
}
