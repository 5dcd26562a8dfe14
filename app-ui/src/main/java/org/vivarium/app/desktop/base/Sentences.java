package org.vivarium.app.desktop.base;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the layers below the window say in English, in another language where it is known: refusals,
 * steps of a start, a machine's log. They know no languages. Immutable, safe for any thread.
 */
final class Sentences {
  private static final String PLACE = "{}";

  /**
   * A sentence with places.
   *
   * @param english what it looks like in English
   * @param translated the same in the other language, its places in the same order
   */
  private record Pair(Pattern english, String translated) {}

  private final List<Pair> pairs;

  private Sentences(List<Pair> pairs) {
    this.pairs = List.copyOf(pairs);
  }

  /** Those of a language; none for English. */
  static Sentences of(Texts.Language language) {
    return language == Texts.Language.ENGLISH
        ? new Sentences(List.of())
        : parse(read("/org/vivarium/app/desktop/sentences_zh_TW.txt"));
  }

  private static String read(String resource) {
    try (InputStream in =
        Objects.requireNonNull(Sentences.class.getResourceAsStream(resource), resource)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("A resource of the program cannot be read", e);
    }
  }

  /** Reads pairs of lines; empty lines and those with a # first count for nothing. */
  static Sentences parse(String text) {
    List<String> lines =
        text.lines().filter(line -> !line.isBlank() && !line.startsWith("#")).toList();
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i + 1 < lines.size(); i += 2) {
      String pattern =
          Arrays.stream(lines.get(i).split(Pattern.quote(PLACE), -1))
              .map(Pattern::quote)
              .collect(Collectors.joining("(.+?)"));
      pairs.add(new Pair(Pattern.compile(pattern, Pattern.DOTALL), lines.get(i + 1)));
    }
    return new Sentences(pairs);
  }

  /** The sentence in the other language; as it is where that is not known. */
  String translated(String english) {
    for (Pair pair : pairs) {
      Matcher matcher = pair.english().matcher(english);
      if (matcher.matches()) {
        return filled(pair.translated(), matcher);
      }
    }
    return english;
  }

  private String filled(String translated, Matcher matcher) {
    StringBuilder text = new StringBuilder();
    String[] parts = translated.split(Pattern.quote(PLACE), -1);
    for (int i = 0; i < parts.length; i++) {
      text.append(parts[i]);
      if (i + 1 < parts.length) {
        text.append(translated(matcher.group(i + 1)));
      }
    }
    return text.toString();
  }
}
