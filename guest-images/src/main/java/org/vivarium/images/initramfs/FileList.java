package org.vivarium.images.initramfs;

import java.io.IOException;

/**
 * Fills a tree from a list in the format of the kernel's own usr/gen_init_cpio.c:
 *
 * <pre>
 * dir NAME MODE UID GID
 * nod NAME MODE UID GID c MAJOR MINOR
 * slink NAME TARGET MODE UID GID
 * file NAME LOCATION MODE UID GID
 * </pre>
 *
 * <p>Owner and group must be 0. Empty lines and lines that begin with # are skipped.
 */
public final class FileList {
  private FileList() {}

  /** Gives the bytes of a file that a list names. */
  @FunctionalInterface
  public interface Contents {
    /**
     * Returns the bytes.
     *
     * @throws IOException if there is no such file
     */
    byte[] at(String location) throws IOException;
  }

  /**
   * Adds what the list names.
   *
   * @throws IOException if a file that it names cannot be read
   * @throws IllegalArgumentException if a line is malformed: lists are part of the program
   */
  public static void addTo(InitramfsTree tree, String list, Contents contents) throws IOException {
    for (String line : list.lines().toList()) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] words = line.strip().split("\\s+");
      switch (words[0] + " " + words.length) {
        case "dir 5" -> tree.folder(words[1], mode(words, 2));
        case "nod 8" ->
            tree.characterDevice(
                words[1], mode(words, 2), Integer.parseInt(words[6]), Integer.parseInt(words[7]));
        case "slink 6" -> {
          mode(words, 3);
          tree.symbolicLink(words[1], words[2]);
        }
        case "file 6" -> tree.file(words[1], mode(words, 3), contents.at(words[2]));
        default -> throw new IllegalArgumentException("not a line of a file list: " + line);
      }
    }
  }

  private static int mode(String[] words, int at) {
    boolean root = words[at + 1].equals("0") && words[at + 2].equals("0");
    boolean device = words.length > at + 3;
    if (!root || (device && !words[at + 3].equals("c"))) {
      throw new IllegalArgumentException(
          "not owned by root, or not a character device: " + words[1]);
    }
    return Integer.parseInt(words[at], 8);
  }
}
