package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.Map;

/**
 * Writes a file tree into a new folder, its files as hard links to those of its layers. Owners need
 * root; without it everything belongs to the user, and no special permission bit is set. Devices
 * and pipes are left out: a container runtime makes the ones that a container may have.
 */
final class RootFolder {
  private final boolean privileged;

  RootFolder(boolean privileged) {
    this.privileged = privileged;
  }

  /**
   * Writes the tree.
   *
   * @param folder which is not there yet, on the disk of the layers' files
   */
  void write(Node.Folder tree, Path folder) throws IOException {
    Files.createDirectory(folder);
    for (Map.Entry<String, Node.Child> child : tree.children().entrySet()) {
      write(child.getValue().node(), folder.resolve(child.getKey()));
    }
    // Last: a folder may be one that its owner may not write to.
    LayerFiles.describe(folder, tree.attributes(), privileged, 0700);
  }

  private void write(Node node, Path path) throws IOException {
    switch (node) {
      case Node.Folder folder -> write(folder, path);
      case Node.File file -> Files.createLink(path, file.content());
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

  static void own(Path path, Attributes attributes) throws IOException {
    Files.setAttribute(path, "unix:uid", attributes.uid(), LinkOption.NOFOLLOW_LINKS);
    Files.setAttribute(path, "unix:gid", attributes.gid(), LinkOption.NOFOLLOW_LINKS);
  }
}
