package org.vivarium.vmm.engine.qemu;

/** Makes what QEMU prints fit to stand in a sentence for people. */
final class Sentences {
  private static final int LONGEST = 300;
  private static final String PREFIX = "qemu-system-x86_64: ";

  private Sentences() {}

  /**
   * The text on one line of bounded length, with one full stop at its end and without QEMU's name
   * before it. Control characters become question marks, for a terminal would obey them.
   */
  static String of(String text) {
    String line = text.strip();
    if (line.startsWith(PREFIX)) {
      line = line.substring(PREFIX.length());
    }
    StringBuilder clean = new StringBuilder();
    line.codePoints()
        .limit(LONGEST)
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .forEach(clean::appendCodePoint);
    while (!clean.isEmpty() && clean.charAt(clean.length() - 1) == '.') {
      clean.setLength(clean.length() - 1);
    }
    return clean.append('.').toString();
  }
}
