package org.vivarium.images.boot;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a boot loader would start.
 *
 * @param title what it is called in the boot loader's file; may be empty
 * @param kernel path of the kernel
 * @param initrds paths of the initial RAM disks, loaded one after the other
 * @param options the kernel command line
 */
record BootEntry(String title, String kernel, List<String> initrds, String options) {
  private static final Pattern SPACE = Pattern.compile("\\s+");

  BootEntry {
    initrds = List.copyOf(initrds);
  }

  /**
   * Splits a boot loader's line into words, quotes taken away. Words with a variable in them are
   * left out: what they stand for is the boot loader's to know.
   */
  static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    for (String word : SPACE.split(line.strip())) {
      String bare = word.replace("\"", "").replace("'", "");
      if (!bare.isEmpty() && bare.indexOf('$') < 0) {
        words.add(bare);
      }
    }
    return words;
  }
}
