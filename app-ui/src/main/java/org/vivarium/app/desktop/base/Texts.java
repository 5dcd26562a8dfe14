package org.vivarium.app.desktop.base;

import java.util.List;
import java.util.Locale;
import java.util.ResourceBundle;

/** The desktop's words in one language. Immutable, safe for any thread. */
public final class Texts {
  /** A language that the desktop speaks. */
  public enum Language {
    ENGLISH("en", "English"),
    TRADITIONAL_CHINESE("zh-TW", "繁體中文");

    private final String tag;
    private final String own;

    Language(String tag, String own) {
      this.tag = tag;
      this.own = own;
    }

    /** Its IETF tag. */
    public String tag() {
      return tag;
    }

    /** What its speakers call it. */
    public String ownName() {
      return own;
    }

    /** The language of {@code locale}, English if none fits. */
    public static Language of(Locale locale) {
      return locale.getLanguage().equals("zh") ? TRADITIONAL_CHINESE : ENGLISH;
    }
  }

  private static final String BUNDLE = "org.vivarium.app.desktop.texts";

  private final Language language;
  private final ResourceBundle bundle;
  private final Sentences sentences;

  /** Loads the words of {@code language}. */
  public Texts(Language language) {
    this.language = language;
    this.sentences = Sentences.of(language);
    Locale locale =
        language == Language.ENGLISH ? Locale.ROOT : Locale.forLanguageTag(language.tag());
    this.bundle =
        ResourceBundle.getBundle(
            BUNDLE,
            locale,
            ResourceBundle.Control.getNoFallbackControl(ResourceBundle.Control.FORMAT_PROPERTIES));
  }

  /** The language. */
  public Language language() {
    return language;
  }

  /**
   * The words of {@code key}.
   *
   * @param values fill its places, as in {@link String#format}
   * @throws java.util.MissingResourceException if there is no such key: a fault of the program
   */
  public String get(String key, Object... values) {
    String text = bundle.getString(key);
    return values.length == 0 ? text : String.format(Locale.ROOT, text, values);
  }

  /**
   * What a layer below the window said, in this language where that is known; it speaks English.
   */
  public String passedOn(String english) {
    return sentences.translated(english);
  }

  /** Every key that this language has words for. */
  public List<String> keys() {
    return bundle.keySet().stream().sorted().toList();
  }
}
