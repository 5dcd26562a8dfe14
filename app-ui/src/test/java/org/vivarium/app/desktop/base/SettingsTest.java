package org.vivarium.app.desktop.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vivarium.app.desktop.base.Settings.ThemeChoice;

class SettingsTest {
  @TempDir Path folder;

  @Test
  void whatWasChosenIsThereAgain() {
    Path file = folder.resolve("below/desktop.properties");
    Settings first = new Settings(file);
    first.theme().set(ThemeChoice.DARK);
    first.language().set(Texts.Language.TRADITIONAL_CHINESE);

    Settings second = new Settings(file);

    assertEquals(ThemeChoice.DARK, second.theme().get());
    assertEquals(Texts.Language.TRADITIONAL_CHINESE, second.language().get());
  }

  @Test
  void unknownWordsKeepTheFirstValues() throws IOException {
    Path file = folder.resolve("desktop.properties");
    Files.writeString(file, "theme=purple\nlanguage=\\u12\n");

    assertEquals(ThemeChoice.SYSTEM, new Settings(file).theme().get());
  }
}
