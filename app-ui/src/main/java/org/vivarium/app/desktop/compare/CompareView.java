package org.vivarium.app.desktop.compare;

import atlantafx.base.theme.Styles;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javafx.scene.Node;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ScrollPane;
import javafx.scene.input.Clipboard;
import javafx.scene.input.ClipboardContent;
import javafx.scene.layout.HBox;
import javafx.scene.layout.VBox;
import javafx.stage.FileChooser;
import javafx.util.Subscription;
import org.kordamp.ikonli.feather.Feather;
import org.kordamp.ikonli.javafx.FontIcon;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.FxThread;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.HtmlReport;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Report.Row;
import org.vivarium.app.lab.Report.Series;
import org.vivarium.app.lab.Report.Verdict;

/** The page that runs a comparison and shows what comes in and what was found. */
public final class CompareView extends ScrollPane implements AutoCloseable {
  private static final double WIDTH = 960;

  private final Ui ui;
  private final CompareModel model;
  private final CompareForm form;
  private final StackCard stacks;
  private final StorageCard storage;
  private final Label step = Controls.label("");
  private final Button cancel;
  private final HBox progress;
  private final Label problem = Controls.paragraph("", "problem-text");
  private final HBox buttons;
  private final Label apart = Controls.paragraph("", "small", "muted");
  private final VBox cards = new VBox(16);
  private final VBox notes = new VBox(4);
  private final Map<Measure, VBox> measures = new EnumMap<>(Measure.class);
  private final Map<String, RowView> rows = new HashMap<>();
  private final Subscription subscription;
  private Optional<Report> findings = Optional.empty();

  /** Makes the page. */
  public CompareView(Ui ui, CompareModel model) {
    this.ui = ui;
    this.model = model;
    this.form = new CompareForm(ui, model);
    this.stacks = new StackCard(ui, model);
    this.storage = new StorageCard(ui, model);
    this.cancel = Controls.button(Feather.X, ui.text("dialog.cancel"), model::cancel);
    cancel.setId("compare-cancel");
    step.setId("compare-step");
    problem.setId("compare-problem");
    // Nothing here moves by itself: to draw it would take time from what is measured.
    progress = Controls.row(8, new FontIcon(Feather.CLOCK), step, Controls.spacer(), cancel);
    buttons =
        Controls.row(
            8,
            Controls.button(Feather.SAVE, ui.text("compare.save"), this::save),
            Controls.button(Feather.EXTERNAL_LINK, ui.text("compare.open"), this::open),
            Controls.button(Feather.COPY, ui.text("compare.copy"), this::copy));
    apart.setText(ui.text("compare.apart"));
    setId("compare");
    getStyleClass().add("plain-scroll");
    setFitToWidth(true);
    VBox page =
        new VBox(
            16,
            Controls.label(ui.text("compare.title"), Styles.TITLE_3),
            form,
            progress,
            problem,
            buttons,
            apart,
            notes,
            stacks,
            storage,
            cards);
    page.getStyleClass().add("page");
    page.setMaxWidth(WIDTH);
    setContent(page);
    model.look();
    Runnable soon = FxThread.coalesced(this::show);
    subscription = model.revision().subscribe(_ -> soon.run());
    show();
  }

  private void show() {
    form.show();
    stacks.show();
    storage.show();
    Controls.show(progress, model.isRunning());
    step.setText(model.isCancelled() ? ui.text("compare.ending") : model.step());
    cancel.setDisable(model.isCancelled());
    String sentence =
        model
            .failure()
            .map(ui.errors()::sentence)
            .orElse(model.isCancelled() && !model.isRunning() ? ui.text("compare.cancelled") : "");
    problem.setText(sentence);
    Controls.show(problem, !sentence.isEmpty());
    Optional<Report> report = model.report();
    Controls.show(buttons, report.isPresent());
    List<Row> shown = model.rows();
    if (shown.isEmpty() || !findings.equals(report)) {
      cards.getChildren().clear();
      measures.clear();
      rows.clear();
    }
    if (!findings.equals(report)) {
      report
          .filter(found -> !found.timelines().isEmpty())
          .ifPresent(found -> cards.getChildren().add(new TimelineCard(ui, found.timelines())));
    }
    boolean allComparable = true;
    for (Row row : shown) {
      List<Series> series = model.series(row);
      allComparable &= series.stream().allMatch(Series::comparable);
      rows.computeIfAbsent(row.id(), _ -> add(row))
          .show(series, report.flatMap(found -> verdict(found, row.id())));
    }
    Controls.show(apart, !allComparable);
    notes
        .getChildren()
        .setAll(
            model.notes().stream()
                .map(note -> Controls.paragraph(note, "small", "muted"))
                .toList());
    Controls.show(notes, !notes.getChildren().isEmpty());
    if (!findings.equals(report)) {
      findings = report;
      report
          .filter(found -> !found.findings().isEmpty())
          .ifPresent(found -> cards.getChildren().add(new IsolationCard(ui, found)));
    }
  }

  static Optional<Verdict> verdict(Report report, String row) {
    return report.verdicts().stream().filter(one -> one.row().equals(row)).findFirst();
  }

  private RowView add(Row row) {
    RowView view = new RowView(ui, row);
    measures.computeIfAbsent(row.measure(), this::card).getChildren().add(view);
    return view;
  }

  private VBox card(Measure measure) {
    Node definition = Controls.paragraph(measure.definition(), "muted", "small");
    VBox card = Controls.card(measure.title(), definition);
    card.setId("measured-" + measure.id());
    cards.getChildren().add(card);
    return card;
  }

  private void save() {
    FileChooser chooser = new FileChooser();
    chooser.setInitialFileName("comparison.html");
    chooser.setTitle(ui.text("compare.save"));
    File file = chooser.showSaveDialog(getScene().getWindow());
    Optional<Report> report = model.report();
    if (file != null && report.isPresent()) {
      ui.background()
          .run(
              () -> Files.writeString(file.toPath(), HtmlReport.write(report.get())),
              () -> {},
              ui.errors()::report);
    }
  }

  private void open() {
    model
        .report()
        .ifPresent(
            report -> ui.background().run(() -> openPage(report), () -> {}, ui.errors()::report));
  }

  private static void openPage(Report report) throws IOException {
    Path file = Files.createTempFile("vivarium-comparison", ".html");
    file.toFile().deleteOnExit();
    Files.writeString(file, HtmlReport.write(report));
    new ProcessBuilder("xdg-open", file.toString())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private void copy() {
    model
        .report()
        .ifPresent(
            report -> {
              ClipboardContent content = new ClipboardContent();
              content.putString(report.command());
              Clipboard.getSystemClipboard().setContent(content);
            });
  }

  /** Stops following; the comparison goes on. */
  @Override
  public void close() {
    subscription.unsubscribe();
  }
}
