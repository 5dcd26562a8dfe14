package org.vivarium.app.desktop.base;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TextsTest {
  private static final Pattern PLACE = Pattern.compile("%s");
  private static final Pattern USE =
      Pattern.compile("(?:text|get)\\(\\s*\"([a-zA-Z]+\\.[\\w.]*\\w)\"");
  private static final Path SOURCES = Path.of("src/main/java/org/vivarium/app/desktop");

  private final Texts english = new Texts(Texts.Language.ENGLISH);
  private final Texts chinese = new Texts(Texts.Language.TRADITIONAL_CHINESE);

  @Test
  void bothLanguagesHaveTheSameKeys() {
    assertEquals(english.keys(), chinese.keys());
  }

  @Test
  void bothLanguagesHaveTheSamePlacesInEachText() {
    for (String key : english.keys()) {
      assertEquals(places(english.get(key)), places(chinese.get(key)), key);
    }
  }

  private static long places(String text) {
    return PLACE.matcher(text).results().count();
  }

  @Test
  void everyKeyInTheSourcesHasWords() throws IOException {
    Set<String> missing = new TreeSet<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      List<Path> sources = files.filter(file -> file.toString().endsWith(".java")).toList();
      assertTrue(sources.size() > 30, "the sources are there");
      for (Path source : sources) {
        Matcher use = USE.matcher(Files.readString(source));
        while (use.find()) {
          if (!english.keys().contains(use.group(1))) {
            missing.add(use.group(1));
          }
        }
      }
    }
    assertEquals(Set.of(), missing);
  }

  @Test
  void placesAreFilled() {
    assertEquals("Delete web-1?", english.get("ask.DELETE.title", "web-1"));
    assertEquals("要刪除 web-1 嗎？", chinese.get("ask.DELETE.title", "web-1"));
  }
}
