package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Follows paths in an unpacked image as a process does whose root it is; nothing leads out. */
final class RootPaths {
  private static final int MOST_LINKS = 40;

  private RootPaths() {}

  /**
   * Returns what a path leads to.
   *
   * @param root a folder whose content nobody changes meanwhile
   * @return a file or folder, never a symbolic link; empty if there is nothing
   */
  static Optional<Path> follow(Path root, String path) throws IOException {
    Deque<String> parts = new ArrayDeque<>(Arrays.asList(path.split("/")));
    Path here = root;
    int links = 0;
    while (!parts.isEmpty()) {
      String name = parts.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        Path parent = here.getParent();
        here = here.equals(root) || parent == null ? root : parent;
        continue;
      }
      Path next = here.resolve(name);
      if (Files.isSymbolicLink(next)) {
        String target = Files.readSymbolicLink(next).toString();
        if (++links > MOST_LINKS) {
          return Optional.empty();
        }
        if (target.startsWith("/")) {
          here = root;
        }
        List<String> words = Arrays.asList(target.split("/"));
        words.reversed().forEach(parts::push);
      } else if (Files.exists(next, LinkOption.NOFOLLOW_LINKS)) {
        here = next;
      } else {
        return Optional.empty();
      }
    }
    return Optional.of(here);
  }
}
