package org.vivarium.app.desktop.compare;

import atlantafx.base.theme.Styles;
import java.io.File;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.ComboBox;
import javafx.scene.control.Label;
import javafx.scene.control.Spinner;
import javafx.scene.control.TextField;
import javafx.scene.layout.FlowPane;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import org.kordamp.ikonli.feather.Feather;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Field;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Plan;
import org.vivarium.app.lab.Side;
import org.vivarium.images.oci.WorkloadImage;

/** What is to be compared, and what that means on this computer. */
final class CompareForm extends VBox {
  private static final String BUSYBOX = "busybox";
  private static final String READY = "echo ready; exec sleep 3600";
  private static final int LEAST_MIB = 256;
  private static final int RUNS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private final Ui ui;
  private final CompareModel model;
  private final ComboBox<String> image = new ComboBox<>();
  private final TextField command = new TextField();
  private final Spinner<Integer> runs = new Spinner<>(1, Plan.MOST_RUNS, RUNS);
  private final ComboBox<String> pin = new ComboBox<>();
  private final Map<Measure, CheckBox> measures = new EnumMap<>(Measure.class);
  private final Map<Side, CheckBox> sides = new EnumMap<>(Side.class);
  private final VBox also = new VBox(8);
  private final Label missing = Controls.paragraph("", "small", "muted");
  private final Field pinned;
  private final Button begin;

  CompareForm(Ui ui, CompareModel model) {
    super(16);
    this.ui = ui;
    this.model = model;
    this.pinned = new Field(ui.text("compare.pin"), pin, "");
    this.begin = Controls.button(Feather.PLAY, ui.text("compare.begin"), this::begin);
    begin.setId("compare-begin");
    begin.getStyleClass().add(Styles.ACCENT);
    missing.setId("compare-missing");
    getStyleClass().add("card-box");
    getChildren()
        .addAll(
            Controls.paragraph(ui.text("compare.what")),
            fields(),
            choices(),
            also(),
            Controls.row(16, begin, Controls.paragraph(ui.text("compare.time"), "small", "muted")),
            missing);
    show();
  }

  private Node fields() {
    image.getItems().setAll(Stream.of(WorkloadImage.values()).map(WorkloadImage::id).toList());
    image.setEditable(true);
    image.setValue(BUSYBOX);
    image.setId("compare-image");
    command.setId("compare-command");
    command.setPromptText(ui.text("compare.ownCommand"));
    runs.setId("compare-runs");
    runs.setEditable(true);
    pin.setId("compare-pin");
    pin.getItems().setAll(ui.text("compare.anyProcessor"));
    pin.getSelectionModel().selectFirst();
    Controls.describe(pin, ui.text("compare.pinHint"));
    Button choose =
        Controls.button(
            Feather.FOLDER,
            ui.text("compare.choose"),
            () -> {
              File file = new FileChooser().showOpenDialog(getScene().getWindow());
              if (file != null) {
                image.setValue(file.toString());
              }
            });
    Field picture = new Field(ui.text("compare.image"), image, "");
    Field words = new Field(ui.text("compare.command"), command, "");
    Field rounds = new Field(ui.text("compare.runs"), runs, "");
    picture.setPrefWidth(240);
    rounds.setPrefWidth(104);
    rounds.setMinWidth(104);
    pinned.setMinWidth(104);
    HBox.setHgrow(words, Priority.ALWAYS);
    HBox row = new HBox(8, picture, choose, words, rounds, pinned);
    row.getStyleClass().add("pick-row");
    return row;
  }

  private Node choices() {
    FlowPane boxes = new FlowPane(16, 8);
    for (Measure measure : Measure.values()) {
      CheckBox box = new CheckBox(measure.title());
      box.setId("measure-" + measure.id());
      box.setSelected(true);
      box.selectedProperty().subscribe(this::show);
      Controls.describe(box, measure.definition());
      measures.put(measure, box);
      boxes.getChildren().add(box);
    }
    return new VBox(8, Controls.label(ui.text("compare.measures"), "field-name"), boxes);
  }

  /** Sides beside the usual three, where this computer has them. */
  private Node also() {
    FlowPane boxes = new FlowPane(16, 8);
    for (Side side : Side.values()) {
      if (!side.isUsual()) {
        CheckBox box = new CheckBox(side.title());
        box.setId("side-" + side.id());
        sides.put(side, box);
        boxes.getChildren().add(box);
      }
    }
    also.getChildren().addAll(Controls.label(ui.text("compare.also"), "field-name"), boxes);
    return also;
  }

  private Set<Side> chosenSides() {
    Set<Side> chosen = EnumSet.allOf(Side.class);
    sides.forEach(
        (side, box) -> {
          if (!box.isVisible() || !box.isSelected()) {
            chosen.remove(side);
          }
        });
    return chosen;
  }

  /** Follows the model. */
  void show() {
    Set<Side> more = model.offer().map(Lab.Offer::more).orElse(Set.of());
    sides.forEach((side, box) -> Controls.show(box, more.contains(side)));
    Controls.show(also, !more.isEmpty());
    List<Integer> processors = model.offer().map(Lab.Offer::processors).orElse(List.of());
    if (pin.getItems().size() != 1 + processors.size()) {
      pin.getItems().setAll(ui.text("compare.anyProcessor"));
      processors.forEach(number -> pin.getItems().add(number.toString()));
      pin.getSelectionModel().selectFirst();
    }
    Controls.show(pinned, processors.size() > 1);
    begin.setDisable(model.isRunning() || chosen().isEmpty());
    missing.setText(
        model
            .offer()
            .map(
                offer ->
                    (offer.runc() ? "" : ui.text("compare.noRunc") + " ")
                        + (offer.hardware() ? "" : ui.text("compare.noHardware")))
            .orElse("")
            .strip());
    Controls.show(missing, !missing.getText().isEmpty());
  }

  private Set<Measure> chosen() {
    Set<Measure> chosen = EnumSet.noneOf(Measure.class);
    measures.forEach(
        (measure, box) -> {
          if (box.isSelected()) {
            chosen.add(measure);
          }
        });
    return chosen;
  }

  /** As the command line does: an image without a command of its own prints and stays. */
  private List<String> words(String wanted) {
    String text = command.getText().strip();
    if (!text.isEmpty()) {
      return List.of("sh", "-c", text);
    }
    return wanted.equals(BUSYBOX) ? List.of("sh", "-c", READY) : List.of();
  }

  private void begin() {
    String typed = image.getEditor().getText().strip();
    String wanted = typed.isEmpty() ? BUSYBOX : typed;
    model.begin(
        new Plan(
            wanted,
            words(wanted),
            chosen(),
            chosenSides(),
            runs.getValue(),
            1,
            LEAST_MIB,
            PATIENCE,
            words(wanted).isEmpty()
                && WorkloadImage.named(wanted).filter(WorkloadImage::isBatch).isPresent(),
            pin.getSelectionModel().getSelectedIndex() > 0 ? pin.getValue() : ""));
  }
}
