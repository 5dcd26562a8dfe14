package org.vivarium.images.oci;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;
import org.vivarium.images.ImageException;

/**
 * Writes a file tree as a cpio archive in the "newc" format. Linux unpacks several archives one
 * after the other into the root of its initial RAM disk
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Used once.
 */
final class ImageCpio {
  private static final long LARGEST_FILE = 0xFFFF_FFFFL;

  private final CpioArchiveOutputStream cpio;
  private final Map<Node, Integer> links = new IdentityHashMap<>();
  private final Map<Node, Long> inodes = new IdentityHashMap<>();
  private long nextInode;

  private ImageCpio(OutputStream out, long firstInode) {
    this.cpio =
        new CpioArchiveOutputStream(
            out, CpioConstants.FORMAT_NEW, 512, StandardCharsets.UTF_8.name());
    this.nextInode = firstInode;
  }

  /**
   * Writes the archive; the stream stays open.
   *
   * @param top what goes into the root of the initial RAM disk
   * @param firstInode above those of the archives before it, whose hard links it would join else
   */
  static void write(Node.Folder top, long firstInode, OutputStream out)
      throws IOException, ImageException {
    ImageCpio archive = new ImageCpio(out, firstInode);
    archive.count(top);
    archive.children("", top);
    archive.cpio.finish();
  }

  private void count(Node.Folder folder) {
    for (Node.Child child : folder.children().values()) {
      links.merge(child.node(), 1, Integer::sum);
      if (child.node() instanceof Node.Folder inner) {
        count(inner);
      }
    }
  }

  private void children(String path, Node.Folder folder) throws IOException, ImageException {
    for (Map.Entry<String, Node.Child> child : folder.children().entrySet()) {
      node(path + child.getKey(), child.getValue().node());
    }
  }

  private void node(String path, Node node) throws IOException, ImageException {
    switch (node) {
      case Node.Folder folder -> {
        entry(path, node, CpioConstants.C_ISDIR, 0);
        cpio.closeArchiveEntry();
        children(path + "/", folder);
      }
      case Node.File file -> {
        boolean first = !inodes.containsKey(node);
        entry(path, node, CpioConstants.C_ISREG, first ? file.size() : 0);
        if (first) {
          Files.copy(file.content(), cpio);
        }
        cpio.closeArchiveEntry();
      }
      case Node.SymbolicLink link -> {
        byte[] target = link.target().getBytes(StandardCharsets.UTF_8);
        inodes.remove(node); // a second name of a link is a link of its own
        entry(path, node, CpioConstants.C_ISLNK, target.length);
        cpio.write(target);
        cpio.closeArchiveEntry();
      }
      case Node.Special special -> {
        entry(path, node, special.type(), 0);
        cpio.closeArchiveEntry();
      }
    }
  }

  private void entry(String path, Node node, int type, long size)
      throws IOException, ImageException {
    if (size > LARGEST_FILE) {
      throw new ImageException(
          "The image's file %s is too large for an initial RAM disk.".formatted(path));
    }
    CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, path);
    Attributes attributes = node.attributes();
    entry.setMode(Integer.toUnsignedLong(type) | attributes.mode());
    entry.setUID(attributes.uid());
    entry.setGID(attributes.gid());
    entry.setTime(attributes.modified());
    entry.setSize(size);
    Long inode = inodes.get(node);
    if (inode == null) {
      inode = nextInode++;
      inodes.put(node, inode);
    }
    entry.setInode(inode);
    boolean folder = node instanceof Node.Folder;
    boolean file = node instanceof Node.File;
    entry.setNumberOfLinks(folder ? 2 : file ? links.getOrDefault(node, 1) : 1);
    if (node instanceof Node.Special special) {
      entry.setRemoteDeviceMaj(special.major());
      entry.setRemoteDeviceMin(special.minor());
    }
    cpio.putArchiveEntry(entry);
  }
}
