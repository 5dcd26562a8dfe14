package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Rows of text in columns; a column of figures is set to the right. */
final class TextTable {
  private static final String GAP = "  ";

  private final List<String> head;
  private final boolean[] figures;
  private final List<List<String>> rows = new ArrayList<>();

  /**
   * @param head the columns' names; one that begins with {@code >} is a column of figures
   */
  TextTable(String... head) {
    this.head = Arrays.stream(head).map(name -> name.replaceFirst("^>", "")).toList();
    figures = new boolean[head.length];
    for (int i = 0; i < head.length; i++) {
      figures[i] = head[i].startsWith(">");
    }
  }

  /** Adds a row with a cell for each column. */
  void row(Object... cells) {
    if (cells.length != head.size()) {
      throw new IllegalArgumentException(cells.length + " cells for " + head.size() + " columns");
    }
    rows.add(Arrays.stream(cells).map(String::valueOf).toList());
  }

  /** The head and the rows, none with spaces at its end. */
  List<String> lines() {
    int[] widths = head.stream().mapToInt(String::length).toArray();
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    List<String> lines = new ArrayList<>();
    lines.add(line(head, widths));
    for (List<String> row : rows) {
      lines.add(line(row, widths));
    }
    return lines;
  }

  private String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String cell = cells.get(i);
      String space = " ".repeat(widths[i] - cell.length());
      line.append(i == 0 ? "" : GAP).append(figures[i] ? space + cell : cell + space);
    }
    return line.toString().stripTrailing();
  }
}
