package org.vivarium.images.oci;

import java.nio.file.Path;
import java.util.TreeMap;

/** A thing in a file tree. Hard links are one object in several places. */
sealed interface Node {
  Attributes attributes();

  /** A folder; its children by name. */
  final class Folder implements Node {
    private Attributes attributes;
    private final TreeMap<String, Child> children = new TreeMap<>();

    Folder(Attributes attributes) {
      this.attributes = attributes;
    }

    @Override
    public Attributes attributes() {
      return attributes;
    }

    void describe(Attributes now) {
      this.attributes = now;
    }

    TreeMap<String, Child> children() {
      return children;
    }
  }

  /**
   * A place in a folder.
   *
   * @param layer the highest layer that has said something about it or what is below it, from 0
   */
  record Child(Node node, int layer) {}

  /**
   * A regular file.
   *
   * @param content a file with its bytes; no two have the same
   */
  record File(Attributes attributes, Path content, long size) implements Node {}

  /** A symbolic link, whatever it points to. */
  record SymbolicLink(Attributes attributes, String target) implements Node {}

  /**
   * A device node or a pipe.
   *
   * @param type the bits of st_mode that say which (inode(7), S_IFMT)
   */
  record Special(Attributes attributes, int type, int major, int minor) implements Node {
    static final int PIPE = 0010000;
    static final int CHARACTER = 0020000;
    static final int BLOCK = 0060000;
  }
}
