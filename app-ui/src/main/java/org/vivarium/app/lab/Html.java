package org.vivarium.app.lab;

/** Text in HTML. Stateless. */
final class Html {
  private Html() {}

  /** A text that no part of is taken for markup, in an attribute's single quotes too. */
  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        default -> escaped.append(c < ' ' && c != '\n' ? ' ' : c);
      }
    }
    return escaped.toString();
  }
}
