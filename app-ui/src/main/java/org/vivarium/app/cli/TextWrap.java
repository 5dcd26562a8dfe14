package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;

/** Breaks text into lines for the terminal. */
public final class TextWrap {
  private TextWrap() {}

  /**
   * Breaks a text at its spaces.
   *
   * @param text without line breaks
   * @param width of a line, in characters; a longer word stands on a line of its own
   * @return at least one line
   */
  public static List<String> lines(String text, int width) {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      if (!line.isEmpty() && line.length() + 1 + word.length() > width) {
        lines.add(line.toString());
        line.setLength(0);
      }
      line.append(line.isEmpty() ? "" : " ").append(word);
    }
    lines.add(line.toString());
    return lines;
  }
}
