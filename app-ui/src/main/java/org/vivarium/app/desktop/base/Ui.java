package org.vivarium.app.desktop.base;

/**
 * What every view needs besides its model.
 *
 * @param texts the words
 * @param errors where what goes wrong is shown
 * @param dialogs questions in front of the page
 * @param background where work that blocks is done
 * @param settings what a person has chosen for the window
 */
public record Ui(
    Texts texts, Errors errors, Dialogs dialogs, Background background, Settings settings) {
  /** The words of {@code key}; see {@link Texts#get}. */
  public String text(String key, Object... values) {
    return texts.get(key, values);
  }

  /** What a layer below said; see {@link Texts#passedOn}. */
  public String passedOn(String english) {
    return texts.passedOn(english);
  }
}
