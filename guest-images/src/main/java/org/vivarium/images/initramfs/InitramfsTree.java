package org.vivarium.images.initramfs;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * The files of an initial RAM disk, written as a cpio archive in the "newc" format
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * <p>Everything belongs to root. The same tree gives the same bytes: entries are sorted, inode
 * numbers count up from 1, every time stamp is 0. Folders that are not named are made with mode
 * 0755. Built by one thread.
 */
public final class InitramfsTree {
  private static final int MAX_PATH = 4095;

  /** One thing in the tree; mode holds the permission bits only, 0 to 07777. */
  private sealed interface Node {
    record Folder(int mode) implements Node {}

    record RegularFile(int mode, byte[] content) implements Node {}

    record SymbolicLink(String target) implements Node {}

    record CharacterDevice(int mode, int major, int minor) implements Node {}
  }

  private final Map<String, Node> nodes = new TreeMap<>();

  /** Adds a folder. */
  public void folder(String path, int mode) {
    put(path, new Node.Folder(mode & 07777));
  }

  /**
   * Adds a file.
   *
   * @param content its bytes, which must not change until the tree is written
   */
  public void file(String path, int mode, byte[] content) {
    put(path, new Node.RegularFile(mode & 07777, content));
  }

  /** Adds a symbolic link. */
  public void symbolicLink(String path, String target) {
    put(path, new Node.SymbolicLink(target));
  }

  /** Adds a character device node. */
  public void characterDevice(String path, int mode, int major, int minor) {
    put(path, new Node.CharacterDevice(mode & 07777, major, minor));
  }

  private void put(String path, Node node) {
    String name = path.startsWith("/") ? path.substring(1) : path;
    if (name.isEmpty() || name.length() > MAX_PATH || name.matches("(.*/)?\\.{0,2}(/.*)?")) {
      throw new IllegalArgumentException("not a path of an initial RAM disk: " + path);
    }
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      nodes.putIfAbsent(name.substring(0, slash), new Node.Folder(0755));
    }
    nodes.put(name, node);
  }

  /** Writes the archive. The stream stays open. */
  public void write(OutputStream out) throws IOException {
    CpioArchiveOutputStream cpio =
        new CpioArchiveOutputStream(out, CpioConstants.FORMAT_NEW, 512, "UTF-8");
    long inode = 1;
    for (Map.Entry<String, Node> named : nodes.entrySet()) {
      writeNode(cpio, named.getKey(), named.getValue(), inode++);
    }
    cpio.finish();
  }

  private static void writeNode(CpioArchiveOutputStream cpio, String path, Node node, long inode)
      throws IOException {
    byte[] content = new byte[0];
    CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, path);
    switch (node) {
      case Node.Folder(int mode) -> entry.setMode(CpioConstants.C_ISDIR | mode);
      case Node.RegularFile(int mode, byte[] bytes) -> {
        entry.setMode(CpioConstants.C_ISREG | mode);
        content = bytes;
      }
      case Node.SymbolicLink(String target) -> {
        entry.setMode(CpioConstants.C_ISLNK | 0777);
        content = target.getBytes(StandardCharsets.UTF_8);
      }
      case Node.CharacterDevice(int mode, int major, int minor) -> {
        entry.setMode(CpioConstants.C_ISCHR | mode);
        entry.setRemoteDeviceMaj(major);
        entry.setRemoteDeviceMin(minor);
      }
    }
    entry.setInode(inode);
    entry.setNumberOfLinks(node instanceof Node.Folder ? 2 : 1);
    entry.setTime(0);
    entry.setSize(content.length);
    cpio.putArchiveEntry(entry);
    cpio.write(content);
    cpio.closeArchiveEntry();
  }
}
