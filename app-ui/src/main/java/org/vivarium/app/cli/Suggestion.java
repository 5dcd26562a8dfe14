package org.vivarium.app.cli;

import java.util.Collection;

/** Guesses which known word a mistyped one was meant to be. */
final class Suggestion {
  /** More slips than this are another word, not a typing error. */
  private static final int MAX_SLIPS = 2;

  private Suggestion() {}

  /** Returns {@code "; did you mean 'word'?"} for the nearest known word, or a full stop. */
  static String among(Collection<String> known, String given) {
    String nearest = "";
    int fewest = MAX_SLIPS + 1;
    for (String word : known) {
      int slips = distance(word, given);
      if (slips < fewest && slips < word.length()) {
        fewest = slips;
        nearest = word;
      }
    }
    return nearest.isEmpty() ? "." : "; did you mean '" + nearest + "'?";
  }

  /** The Levenshtein distance: letters to insert, delete or replace. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replace = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replace, 1 + Math.min(row[j - 1], row[j]));
      }
    }
    return row[b.length()];
  }
}
