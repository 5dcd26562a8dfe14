package org.vivarium.app.cli;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.vivarium.vmm.InvalidConfigException;

/**
 * The text of an option that describes a device: words between commas, as in {@code
 * disk.raw,ro,serial=A1}. A comma that belongs to a word is written twice.
 */
final class OptionWords {
  private OptionWords() {}

  /** Splits a text at its single commas. */
  static List<String> split(String text) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != ',') {
        word.append(c);
      } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
        word.append(c);
        i++;
      } else {
        words.add(word.toString());
        word.setLength(0);
      }
    }
    words.add(word.toString());
    return words;
  }

  /**
   * Checks that an identifier which a person gave a device is no other's.
   *
   * @param taken identifiers of the machine's other devices
   */
  static String id(String option, String id, Collection<String> taken)
      throws InvalidConfigException {
    if (taken.contains(id)) {
      throw new InvalidConfigException(
          "Option %s: id=%s is another device's; choose another.".formatted(option, id));
    }
    return id;
  }

  /** The first of {@code disk0}, {@code disk1} and so on that no other device has. */
  static String freeId(String prefix, Collection<String> taken) {
    int number = 0;
    while (taken.contains(prefix + number)) {
      number++;
    }
    return prefix + number;
  }
}
