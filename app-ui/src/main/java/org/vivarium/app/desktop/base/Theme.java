package org.vivarium.app.desktop.base;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import java.util.List;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.application.Platform;
import javafx.beans.property.ReadOnlyObjectProperty;
import javafx.beans.property.ReadOnlyObjectWrapper;
import javafx.css.PseudoClass;
import javafx.scene.Scene;
import javafx.scene.text.Font;

/** The colours of the whole process' windows: Primer, light or dark, and our own sheets over it. */
public final class Theme {
  private static final PseudoClass DARK = PseudoClass.getPseudoClass("dark");
  private static final List<String> SHEETS =
      List.of("base", "shell", "list", "machine", "chart", "console", "form", "compare");

  /** In the order in which they are liked; else the system's own. */
  private static final List<String> FONTS =
      List.of("Inter", "Cantarell", "Ubuntu Sans", "Ubuntu", "Noto Sans");

  private static final ReadOnlyObjectWrapper<ColorScheme> SCHEME =
      new ReadOnlyObjectWrapper<>(ColorScheme.LIGHT);

  private Theme() {}

  /** The colours that are shown. */
  public static ReadOnlyObjectProperty<ColorScheme> scheme() {
    return SCHEME.getReadOnlyProperty();
  }

  /** Whether they are the dark ones. */
  public static boolean isDark() {
    return SCHEME.get() == ColorScheme.DARK;
  }

  /**
   * Gives the scene its colours, now and whenever the choice or the system's preference changes.
   */
  public static void follow(Settings settings, Scene scene) {
    for (String sheet : SHEETS) {
      scene
          .getStylesheets()
          .add(
              String.valueOf(
                  Theme.class.getResource("/org/vivarium/app/desktop/css/" + sheet + ".css")));
    }
    Platform.Preferences system = Platform.getPreferences();
    settings.theme().subscribe(_ -> apply(settings, system, scene));
    system.colorSchemeProperty().subscribe(_ -> apply(settings, system, scene));
    scene.rootProperty().subscribe(_ -> mark(scene));
  }

  private static void apply(Settings settings, Platform.Preferences system, Scene scene) {
    ColorScheme scheme =
        switch (settings.theme().get()) {
          case SYSTEM -> system.getColorScheme();
          case LIGHT -> ColorScheme.LIGHT;
          case DARK -> ColorScheme.DARK;
        };
    Application.setUserAgentStylesheet(
        (scheme == ColorScheme.DARK ? new PrimerDark() : new PrimerLight())
            .getUserAgentStylesheet());
    SCHEME.set(scheme);
    mark(scene);
  }

  private static void mark(Scene scene) {
    scene.getRoot().pseudoClassStateChanged(DARK, isDark());
    List<String> families = Font.getFamilies();
    FONTS.stream()
        .filter(families::contains)
        .findFirst()
        .ifPresent(
            family -> scene.getRoot().setStyle("-fx-font-family: \"%s\";".formatted(family)));
  }
}
