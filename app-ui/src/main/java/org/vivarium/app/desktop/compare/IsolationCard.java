package org.vivarium.app.desktop.compare;

import java.util.List;
import javafx.geometry.VPos;
import javafx.scene.control.Label;
import javafx.scene.layout.ColumnConstraints;
import javafx.scene.layout.GridPane;
import javafx.scene.layout.Priority;
import javafx.scene.layout.RowConstraints;
import javafx.scene.layout.VBox;
import org.vivarium.app.desktop.base.Controls;
import org.vivarium.app.desktop.base.Ui;
import org.vivarium.app.lab.Measure;
import org.vivarium.app.lab.Report;
import org.vivarium.app.lab.Report.Finding;
import org.vivarium.app.lab.Side;

/** What a process on each side saw and could do, and what that means. */
final class IsolationCard extends VBox {
  private static final double QUESTION = 36;

  IsolationCard(Ui ui, Report report) {
    super(8);
    setId("measured-isolation");
    getStyleClass().add("card-box");
    List<Side> sides =
        List.of(Side.values()).stream()
            .filter(side -> report.findings().stream().anyMatch(f -> f.answers().containsKey(side)))
            .toList();
    GridPane grid = new GridPane(16, 8);
    ColumnConstraints first = new ColumnConstraints();
    first.setPercentWidth(QUESTION);
    grid.getColumnConstraints().add(first);
    for (int i = 0; i < sides.size(); i++) {
      ColumnConstraints column = new ColumnConstraints();
      column.setPercentWidth((100 - QUESTION) / sides.size());
      column.setHgrow(Priority.ALWAYS);
      grid.getColumnConstraints().add(column);
      grid.add(Controls.label(sides.get(i).title(), "row-title", "small"), i + 1, 0);
    }
    int line = 1;
    for (Finding finding : report.findings()) {
      Label meaning = Controls.paragraph(finding.meaning(), "muted", "small");
      grid.add(new VBox(2, Controls.paragraph(finding.question()), meaning), 0, line);
      for (int i = 0; i < sides.size(); i++) {
        String answer = finding.answers().getOrDefault(sides.get(i), "–");
        grid.add(Controls.paragraph(answer, "small"), i + 1, line);
      }
      line++;
    }
    for (int i = 0; i < line; i++) {
      RowConstraints row = new RowConstraints();
      row.setValignment(VPos.TOP);
      grid.getRowConstraints().add(row);
    }
    getChildren()
        .addAll(
            Controls.label(Measure.ISOLATION.title(), "card-heading"),
            Controls.paragraph(Measure.ISOLATION.definition(), "muted", "small"),
            grid);
    report.verdicts().stream()
        .filter(verdict -> report.findings().stream().anyMatch(f -> f.id().equals(verdict.row())))
        .forEach(
            verdict ->
                getChildren()
                    .addAll(
                        Controls.paragraph(
                            ui.text("compare.quoted", verdict.quote()), "small", "compare-quote"),
                        Controls.paragraph(verdict.sentence(), "small")));
  }
}
