package org.vivarium.images.oci;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.IdentityHashMap;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/** Writes a file tree as a tar archive (POSIX pax). The same tree gives the same bytes. */
final class TreeTar {
  /** What libarchive writes and squashfs-tools read: the only form that takes any bytes. */
  private static final String EXTENDED = "LIBARCHIVE.xattr.";

  private final TarArchiveOutputStream tar;
  private final Map<Node, String> written = new IdentityHashMap<>();

  private TreeTar(TarArchiveOutputStream tar) {
    this.tar = tar;
  }

  /** Writes what is in a folder, not the folder itself; the stream stays open. */
  static void write(Node.Folder tree, OutputStream out) throws IOException {
    TarArchiveOutputStream tar = new TarArchiveOutputStream(out, "UTF-8");
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
    tar.setAddPaxHeadersForNonAsciiNames(true);
    new TreeTar(tar).children("", tree);
    tar.finish();
  }

  private void children(String path, Node.Folder folder) throws IOException {
    for (Map.Entry<String, Node.Child> child : folder.children().entrySet()) {
      node(path + child.getKey(), child.getValue().node());
    }
  }

  private void node(String name, Node node) throws IOException {
    String first = node instanceof Node.Folder ? null : written.putIfAbsent(node, name);
    if (first != null) {
      entry(name, TarConstants.LF_LINK, node, first);
      return;
    }
    switch (node) {
      case Node.Folder inner -> {
        entry(name + "/", TarConstants.LF_DIR, inner, "");
        children(name + "/", inner);
      }
      case Node.File file -> {
        TarArchiveEntry entry = describe(name, TarConstants.LF_NORMAL, file);
        entry.setSize(file.size());
        tar.putArchiveEntry(entry);
        Files.copy(file.content(), tar);
        tar.closeArchiveEntry();
      }
      case Node.SymbolicLink link -> entry(name, TarConstants.LF_SYMLINK, link, link.target());
      case Node.Special special -> {
        byte type =
            switch (special.type()) {
              case Node.Special.PIPE -> TarConstants.LF_FIFO;
              case Node.Special.BLOCK -> TarConstants.LF_BLK;
              default -> TarConstants.LF_CHR;
            };
        TarArchiveEntry entry = describe(name, type, special);
        entry.setDevMajor(special.major());
        entry.setDevMinor(special.minor());
        tar.putArchiveEntry(entry);
        tar.closeArchiveEntry();
      }
    }
  }

  private void entry(String name, byte type, Node node, String target) throws IOException {
    TarArchiveEntry entry = describe(name, type, node);
    entry.setLinkName(target);
    tar.putArchiveEntry(entry);
    tar.closeArchiveEntry();
  }

  private static TarArchiveEntry describe(String name, byte type, Node node) {
    TarArchiveEntry entry = new TarArchiveEntry(name, type);
    Attributes attributes = node.attributes();
    entry.setMode(attributes.mode());
    entry.setModTime(attributes.modified() * 1000);
    entry.setIds(attributes.uid(), attributes.gid());
    entry.setNames("", "");
    for (Map.Entry<String, String> more : attributes.extended().entrySet()) {
      byte[] value = more.getValue().getBytes(StandardCharsets.ISO_8859_1);
      entry.addPaxHeader(
          EXTENDED + more.getKey(), Base64.getEncoder().withoutPadding().encodeToString(value));
    }
    return entry;
  }
}
