package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.List;
import org.vivarium.vmm.InvalidConfigException;

/** Words of a command that stands in one option. Stateless. */
final class ShellWords {
  private ShellWords() {}

  /** Splits as a shell does: at blanks, with quotes and backslashes, and nothing more. */
  static List<String> split(String option, String text) throws InvalidConfigException {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    char quote = 0;
    boolean open = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
        word.append(text.charAt(++i));
        open = true;
      } else if (quote != 0) {
        if (c == quote) {
          quote = 0;
        } else {
          word.append(c);
        }
      } else if (c == '\'' || c == '"') {
        quote = c;
        open = true;
      } else if (Character.isWhitespace(c)) {
        if (open) {
          words.add(word.toString());
        }
        word.setLength(0);
        open = false;
      } else {
        word.append(c);
        open = true;
      }
    }
    if (quote != 0) {
      throw new InvalidConfigException("Option %s: a quote is not closed.".formatted(option));
    }
    if (open) {
      words.add(word.toString());
    }
    return words;
  }
}
