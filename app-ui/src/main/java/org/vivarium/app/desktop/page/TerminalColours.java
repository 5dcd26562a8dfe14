package org.vivarium.app.desktop.page;

import com.techsenger.jeditermfx.core.Color;
import com.techsenger.jeditermfx.core.TerminalColor;
import com.techsenger.jeditermfx.core.TextStyle;
import com.techsenger.jeditermfx.core.emulator.ColorPalette;
import com.techsenger.jeditermfx.ui.settings.DefaultSettingsProvider;
import java.util.List;
import javafx.scene.text.Font;

/**
 * The terminal's colours and font; the colours follow the window's theme, also while it is open.
 */
final class TerminalColours extends DefaultSettingsProvider {
  private static final List<String> FONTS =
      List.of("JetBrains Mono", "DejaVu Sans Mono", "Noto Sans Mono", "Liberation Mono");
  private static final double FONT_SIZE = 13;

  /** Primer's terminal colours, dark: black to white, then the bright ones. */
  private static final int[] DARK = {
    0x484f58, 0xff7b72, 0x3fb950, 0xd29922, 0x58a6ff, 0xbc8cff, 0x39c5cf, 0xb1bac4,
    0x6e7681, 0xffa198, 0x56d364, 0xe3b341, 0x79c0ff, 0xd2a8ff, 0x56d4dd, 0xffffff
  };

  /** The same, light. */
  private static final int[] LIGHT = {
    0x24292f, 0xcf222e, 0x116329, 0x4d2d00, 0x0969da, 0x8250df, 0x1b7c83, 0x6e7781,
    0x57606a, 0xa40e26, 0x1a7f37, 0x633c01, 0x218bff, 0xa475f9, 0x3192aa, 0x8c959f
  };

  private final TerminalColor foreground =
      new TerminalColor(() -> new Color(isDark() ? 0xe6edf3 : 0x24292f));
  private final TerminalColor background =
      new TerminalColor(() -> new Color(isDark() ? 0x0d1117 : 0xffffff));
  private volatile boolean dark;

  TerminalColours(boolean dark) {
    this.dark = dark;
  }

  private boolean isDark() {
    return dark;
  }

  void setDark(boolean dark) {
    this.dark = dark;
  }

  @Override
  public TerminalColor getDefaultForeground() {
    return foreground;
  }

  @Override
  public TerminalColor getDefaultBackground() {
    return background;
  }

  /** Cells keep the style that they were written in; these two colours ask for the theme anew. */
  @Override
  @SuppressWarnings("deprecation") // the terminal itself still asks for it
  public TextStyle getDefaultStyle() {
    return new TextStyle(foreground, background);
  }

  @Override
  public TextStyle getSelectionColor() {
    return dark
        ? new TextStyle(TerminalColor.rgb(0xff, 0xff, 0xff), TerminalColor.rgb(0x26, 0x4f, 0x78))
        : new TextStyle(TerminalColor.rgb(0x24, 0x29, 0x2f), TerminalColor.rgb(0xb6, 0xd9, 0xff));
  }

  @Override
  public boolean useInverseSelectionColor() {
    return false;
  }

  @Override
  public ColorPalette getTerminalColorPalette() {
    return new ColorPalette() {
      @Override
      protected Color getForegroundByColorIndex(int index) {
        return new Color((dark ? DARK : LIGHT)[index]);
      }

      @Override
      protected Color getBackgroundByColorIndex(int index) {
        return new Color((dark ? DARK : LIGHT)[index]);
      }
    };
  }

  @Override
  public Font getTerminalFont() {
    List<String> families = Font.getFamilies();
    return FONTS.stream()
        .filter(families::contains)
        .findFirst()
        .map(family -> Font.font(family, FONT_SIZE))
        .orElseGet(() -> Font.font("Monospaced", FONT_SIZE));
  }

  @Override
  public float getTerminalFontSize() {
    return (float) FONT_SIZE;
  }

  @Override
  public boolean audibleBell() {
    return false;
  }
}
