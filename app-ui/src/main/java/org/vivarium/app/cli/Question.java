package org.vivarium.app.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.vivarium.vmm.VmmException;

/** Asks the person at the terminal. */
final class Question {
  private static final int LONGEST_ANSWER = 1024;

  private Question() {}

  /**
   * Asks once; anything but a yes is a no, and so is the end of the input.
   *
   * @param text ends in a question mark
   */
  static boolean yes(Shell shell, String text) throws VmmException {
    shell.err().print(text + " [y/N] ");
    shell.err().flush();
    String answer = line(shell).strip().toLowerCase(Locale.ROOT);
    return answer.equals("y") || answer.equals("yes");
  }

  /** Reads to the line's end and no further: what follows is for the next question. */
  private static String line(Shell shell) throws VmmException {
    byte[] answer = new byte[LONGEST_ANSWER];
    int length = 0;
    try {
      for (int c = shell.in().read(); c >= 0 && c != '\n'; c = shell.in().read()) {
        if (length < answer.length) {
          answer[length++] = (byte) c;
        }
      }
    } catch (IOException e) {
      throw new VmmException("The answer cannot be read: " + e.getMessage() + ".", e);
    }
    return new String(answer, 0, length, StandardCharsets.UTF_8);
  }
}
