package org.vivarium.images.oci;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/** A folder's content in lines, a line for each thing, that two equal folders share. */
final class TreeListing {
  private TreeListing() {}

  static TreeSet<String> of(Path root) throws IOException {
    TreeSet<String> lines = new TreeSet<>();
    Map<Object, Path> first = new HashMap<>();
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.filter(path -> !path.equals(root)).sorted().toList()) {
        lines.add(root.relativize(path) + " " + describe(path, root, first));
      }
    }
    return lines;
  }

  private static Object attribute(Path path, String name) throws IOException {
    return Files.getAttribute(path, "unix:" + name, LinkOption.NOFOLLOW_LINKS);
  }

  private static String describe(Path path, Path root, Map<Object, Path> first) throws IOException {
    String common =
        "%s %s:%s"
            .formatted(
                Integer.toOctalString((int) attribute(path, "mode")),
                attribute(path, "uid"),
                attribute(path, "gid"));
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return common + " " + extended(path);
    }
    // Links to each other are told by the first of their names, not by counts: the kept files of a
    // layer have one name more.
    Object inode = attribute(path, "dev") + " " + attribute(path, "ino");
    Path name = first.computeIfAbsent(inode, _ -> path);
    common += " " + root.relativize(name);
    if (Files.isSymbolicLink(path)) {
      return common + " -> " + Files.readSymbolicLink(path);
    }
    if (!Files.isRegularFile(path)) {
      return common + " device " + attribute(path, "rdev");
    }
    return "%s %s %s %s"
        .formatted(common, Files.readString(path), Files.getLastModifiedTime(path), extended(path));
  }

  private static Map<String, String> extended(Path path) throws IOException {
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
    Map<String, String> found = new HashMap<>();
    List<String> names;
    try {
      names = view.list();
    } catch (FileSystemException _) {
      // A SquashFS image without any such attribute knows none at all.
      names = List.of();
    }
    for (String name : names) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      found.put(name, StandardCharsets.UTF_8.decode(value.flip()).toString());
    }
    return found;
  }
}
