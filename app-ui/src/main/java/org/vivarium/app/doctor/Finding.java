package org.vivarium.app.doctor;

/**
 * What a check found.
 *
 * @param section the heading it stands under
 * @param subject what was looked at
 * @param level how much it matters
 * @param text one clause that says what is
 * @param remedy what to do about it; empty where nothing needs to be done
 */
public record Finding(String section, String subject, Level level, String text, String remedy) {
  /** How much a finding matters. */
  public enum Level {
    /** All is as it should be. */
    OK,
    /** Something is missing that a part of Vivarium uses; the rest works. */
    NOTE,
    /** Something is missing without which no machine can run. */
    MISSING
  }

  static Finding ok(String section, String subject, String text) {
    return new Finding(section, subject, Level.OK, text, "");
  }

  static Finding note(String section, String subject, String text, String remedy) {
    return new Finding(section, subject, Level.NOTE, text, remedy);
  }

  static Finding missing(String section, String subject, String text, String remedy) {
    return new Finding(section, subject, Level.MISSING, text, remedy);
  }
}
