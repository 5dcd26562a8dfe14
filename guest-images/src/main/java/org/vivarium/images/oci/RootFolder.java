package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Writes a file tree into a new folder. Owners need root; without it everything belongs to the
 * user, and no special permission bit is set. Devices and pipes are left out: a container runtime
 * makes the ones that a container may have. Used once.
 */
final class RootFolder {
  /** Set-user-ID, set-group-ID and sticky. */
  private static final int SPECIAL_BITS = 07000;

  private final boolean privileged;
  private final Map<Node, Path> made = new IdentityHashMap<>();

  RootFolder(boolean privileged) {
    this.privileged = privileged;
  }

  /**
   * Moves the contents of the tree's files to their places.
   *
   * @param folder which is not there yet
   */
  void write(Node.Folder tree, Path folder) throws IOException {
    Files.createDirectory(folder);
    for (Map.Entry<String, Node.Child> child : tree.children().entrySet()) {
      write(child.getValue().node(), folder.resolve(child.getKey()));
    }
    // Last: a folder may be one that its owner may not write to.
    describe(folder, tree.attributes(), privileged ? 0 : 0700);
  }

  private void write(Node node, Path path) throws IOException {
    switch (node) {
      case Node.Folder folder -> write(folder, path);
      case Node.File file -> {
        Path other = made.putIfAbsent(file, path);
        if (other == null) {
          Files.move(file.content(), path);
          describe(path, file.attributes(), privileged ? 0 : 0400);
        } else {
          Files.createLink(path, other);
        }
      }
      case Node.SymbolicLink link -> {
        Files.createSymbolicLink(path, Path.of(link.target()));
        if (privileged) {
          own(path, link.attributes());
        }
        FileTime time = FileTime.fromMillis(link.attributes().modified() * 1000);
        Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
            .setTimes(time, time, null);
      }
      case Node.Special _ -> {
        // Not for a container; see above.
      }
    }
  }

  /** Owner first: a change of owner takes set-user-ID away. */
  private void describe(Path path, Attributes attributes, int atLeast) throws IOException {
    int mode = attributes.mode() | atLeast;
    if (privileged) {
      own(path, attributes);
    } else {
      mode &= ~SPECIAL_BITS;
    }
    Files.setAttribute(path, "unix:mode", mode);
    Files.setLastModifiedTime(path, FileTime.fromMillis(attributes.modified() * 1000));
  }

  private static void own(Path path, Attributes attributes) throws IOException {
    Files.setAttribute(path, "unix:uid", attributes.uid(), LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", attributes.gid(), LinkOption.NOFOLLOW_LINKS);
  }
}
