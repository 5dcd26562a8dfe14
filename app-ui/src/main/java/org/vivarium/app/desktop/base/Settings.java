package org.vivarium.app.desktop.base;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Properties;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a person has chosen for the window itself, kept in one small file. */
public final class Settings {
  /** Which colours the window has. */
  public enum ThemeChoice {
    /** Those of the rest of the desktop, now and when they change. */
    SYSTEM,
    LIGHT,
    DARK
  }

  /** In which order machines are listed. */
  public enum Order {
    NAME,
    STATE,
    CPU,
    MEMORY
  }

  private static final Logger LOG = LoggerFactory.getLogger(Settings.class);
  private static final String THEME = "theme";
  private static final String LANGUAGE = "language";
  private static final String ORDER = "order";

  private final Path file;
  private final ObjectProperty<ThemeChoice> theme = new SimpleObjectProperty<>(ThemeChoice.SYSTEM);
  private final ObjectProperty<Order> order = new SimpleObjectProperty<>(Order.NAME);
  private final ObjectProperty<Texts.Language> language;

  /**
   * Reads the settings; what is missing or unknown keeps its first value.
   *
   * @param file where they are kept; it need not exist
   */
  public Settings(Path file) {
    this.file = file;
    this.language = new SimpleObjectProperty<>(Texts.Language.of(Locale.getDefault()));
    Properties kept = read(file);
    for (ThemeChoice choice : ThemeChoice.values()) {
      if (choice.name().equalsIgnoreCase(kept.getProperty(THEME, ""))) {
        theme.set(choice);
      }
    }
    for (Order choice : Order.values()) {
      if (choice.name().equalsIgnoreCase(kept.getProperty(ORDER, ""))) {
        order.set(choice);
      }
    }
    for (Texts.Language choice : Texts.Language.values()) {
      if (choice.tag().equals(kept.getProperty(LANGUAGE, ""))) {
        language.set(choice);
      }
    }
    theme.subscribe((_, _) -> write());
    language.subscribe((_, _) -> write());
    order.subscribe((_, _) -> write());
  }

  /** Which colours the window has. */
  public ObjectProperty<ThemeChoice> theme() {
    return theme;
  }

  /** In which order it lists machines. */
  public ObjectProperty<Order> order() {
    return order;
  }

  /** Which language it speaks. */
  public ObjectProperty<Texts.Language> language() {
    return language;
  }

  private static Properties read(Path file) {
    Properties kept = new Properties();
    if (Files.isReadable(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        kept.load(reader);
      } catch (IOException | IllegalArgumentException e) {
        LOG.warn("{} cannot be read; the window starts with its first settings.", file, e);
      }
    }
    return kept;
  }

  private void write() {
    Properties kept = new Properties();
    kept.setProperty(THEME, theme.get().name().toLowerCase(Locale.ROOT));
    kept.setProperty(LANGUAGE, language.get().tag());
    kept.setProperty(ORDER, order.get().name().toLowerCase(Locale.ROOT));
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      try (Writer writer = Files.newBufferedWriter(next, StandardCharsets.UTF_8)) {
        kept.store(writer, null);
      }
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      LOG.warn("{} cannot be written; the settings hold for this window alone.", file, e);
    }
  }
}
