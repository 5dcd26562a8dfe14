package org.vivarium.images.deb;

/** Compares version numbers of Debian packages (deb-version(7)). */
public final class DebVersion {
  private DebVersion() {}

  /** Returns less than, equal to or more than 0 as a is older than, equal to or newer than b. */
  public static int compare(String a, String b) {
    int byEpoch = compareParts(epoch(a), epoch(b));
    if (byEpoch != 0) {
      return byEpoch;
    }
    String restOfA = a.substring(a.indexOf(':') + 1);
    String restOfB = b.substring(b.indexOf(':') + 1);
    int byUpstream = compareParts(upstream(restOfA), upstream(restOfB));
    return byUpstream != 0 ? byUpstream : compareParts(revision(restOfA), revision(restOfB));
  }

  private static String epoch(String version) {
    return version.substring(0, Math.max(version.indexOf(':'), 0));
  }

  private static String upstream(String rest) {
    int dash = rest.lastIndexOf('-');
    return dash < 0 ? rest : rest.substring(0, dash);
  }

  private static String revision(String rest) {
    int dash = rest.lastIndexOf('-');
    return dash < 0 ? "" : rest.substring(dash + 1);
  }

  /** Compares alternating runs of non-digits and digits, from the left. */
  private static int compareParts(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() || j < b.length()) {
      while (isOther(a, i) || isOther(b, j)) {
        int byCharacter = Integer.compare(order(a, i), order(b, j));
        if (byCharacter != 0) {
          return byCharacter;
        }
        i++;
        j++;
      }
      int endOfA = endOfDigits(a, i);
      int endOfB = endOfDigits(b, j);
      int byNumber = compareNumbers(a.substring(i, endOfA), b.substring(j, endOfB));
      if (byNumber != 0) {
        return byNumber;
      }
      i = endOfA;
      j = endOfB;
    }
    return 0;
  }

  private static boolean isOther(String s, int i) {
    return i < s.length() && !isDigit(s.charAt(i));
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  /** The tilde sorts before the end, the end and digits before letters, these before the rest. */
  private static int order(String s, int i) {
    if (i >= s.length() || isDigit(s.charAt(i))) {
      return 0;
    }
    char c = s.charAt(i);
    if (c == '~') {
      return -1;
    }
    return Character.isLetter(c) ? c : c + 256;
  }

  private static int endOfDigits(String s, int from) {
    int end = Math.min(from, s.length());
    while (end < s.length() && isDigit(s.charAt(end))) {
      end++;
    }
    return end;
  }

  private static int compareNumbers(String a, String b) {
    String withoutZerosA = a.replaceFirst("^0+", "");
    String withoutZerosB = b.replaceFirst("^0+", "");
    int byLength = Integer.compare(withoutZerosA.length(), withoutZerosB.length());
    return byLength != 0 ? byLength : withoutZerosA.compareTo(withoutZerosB);
  }
}
