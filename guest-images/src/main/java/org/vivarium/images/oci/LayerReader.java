package org.vivarium.images.oci;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Date;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.vivarium.images.ImageException;
import org.vivarium.images.deb.Sha256;
import org.vivarium.images.io.BoundedStream;

/**
 * Applies layers to a file tree (OCI image-spec, layer.md). The bytes of files go to numbered files
 * of a folder, never to a path that the layer names. Used for one image, by one thread.
 */
final class LayerReader {
  /**
   * How much an image may hold.
   *
   * @param entries of all layers
   * @param bytes of all layers' archives, unpacked
   */
  record Limits(int entries, long bytes) {
    static final Limits DEFAULT = new Limits(1_000_000, 16L << 30);
  }

  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final String AUFS = ".wh..wh.";
  private static final int MAX_PATH = 4095;

  private static final String EXTENDED = "SCHILY.xattr.";
  private static final String OVERLAYFS = "trusted.overlay.";

  /** XATTR_NAME_MAX and XATTR_SIZE_MAX of Linux. */
  private static final int LONGEST_ATTRIBUTE = 255;

  private static final int LARGEST_ATTRIBUTE = 65536;

  private final FileTree tree;
  private final Limits limits;
  private final Set<String> leftOut = new TreeSet<>();
  private int entries;
  private long bytes;

  LayerReader(FileTree tree, Limits limits) {
    this.tree = tree;
    this.limits = limits;
  }

  /** What the layers hold that cannot be kept, in words for people. */
  Set<String> leftOut() {
    return leftOut;
  }

  /**
   * Applies one layer over those before it.
   *
   * @param number of the layer, from 0
   * @param files where the bytes of its files go
   * @throws ImageException if it breaks a rule or a limit, or is not what its digests say
   */
  void apply(OciImage image, OciImage.Layer layer, int number, LayerFiles files)
      throws IOException, ImageException {
    tree.beginLayer();
    MessageDigest packed = Sha256.digest();
    MessageDigest unpacked = Sha256.digest();
    try (InputStream blob = new DigestInputStream(image.open(layer), packed)) {
      BufferedInputStream in = new BufferedInputStream(blob, 1 << 16);
      BoundedStream bounded = new BoundedStream(decompress(in), limits.bytes() - bytes);
      DigestInputStream archive = new DigestInputStream(bounded, unpacked);
      try {
        readTar(archive, number, files);
      } catch (IllegalArgumentException e) {
        throw new IOException("a damaged archive: " + e.getMessage(), e);
      }
      bytes += archive.transferTo(OutputStream.nullOutputStream());
      in.transferTo(OutputStream.nullOutputStream());
    }
    Digest expected = layer.digest();
    if (expected != null && !expected.hex().equals(Sha256.hex(packed))) {
      throw new ImageException(
          "The layer %s is damaged: its digest is another.".formatted(layer.name()));
    }
    if (!layer.diffId().hex().equals(Sha256.hex(unpacked))) {
      throw new ImageException(
          "The layer %s is damaged: its archive is not %s."
              .formatted(layer.name(), layer.diffId()));
    }
  }

  /** By the first bytes: what media types say of a layer's compression is not always so. */
  private static InputStream decompress(BufferedInputStream in) throws IOException {
    in.mark(4);
    byte[] magic = in.readNBytes(4);
    in.reset();
    if (magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
      return new GZIPInputStream(in, 1 << 16);
    }
    boolean zstd =
        magic.length == 4
            && magic[0] == 0x28
            && magic[1] == (byte) 0xb5
            && magic[2] == 0x2f
            && magic[3] == (byte) 0xfd;
    return zstd ? new ZstdInputStream(in) : in;
  }

  private void readTar(InputStream archive, int layer, LayerFiles files)
      throws IOException, ImageException {
    TarArchiveInputStream tar = new TarArchiveInputStream(archive, "UTF-8");
    TarArchiveEntry entry;
    while ((entry = tar.getNextEntry()) != null) {
      if (++entries > limits.entries()) {
        throw new ImageException("The image holds more than %d files.".formatted(limits.entries()));
      }
      apply(entry, tar, layer, files);
    }
    bytes += tar.getBytesRead();
  }

  private void apply(TarArchiveEntry entry, InputStream content, int layer, LayerFiles files)
      throws IOException, ImageException {
    String path = checked(entry.getName());
    String name = path.substring(path.lastIndexOf('/') + 1);
    String folder = path.substring(0, Math.max(0, path.lastIndexOf('/')));
    if (name.equals(OPAQUE)) {
      tree.whiteOutChildren(folder, layer);
    } else if (name.startsWith(AUFS)) {
      leftOut.add("AUFS's own files");
    } else if (name.startsWith(WHITEOUT)) {
      String hidden = name.substring(WHITEOUT.length());
      tree.whiteOut(folder.isEmpty() ? hidden : folder + "/" + hidden, layer);
    } else if (path.isEmpty()) {
      if (entry.isDirectory()) {
        tree.root().describe(attributes(entry));
      } else {
        throw new ImageException("The image replaces its own root.");
      }
    } else {
      put(path, entry, content, layer, files);
    }
  }

  private void put(
      String path, TarArchiveEntry entry, InputStream content, int layer, LayerFiles files)
      throws IOException, ImageException {
    Attributes attributes = attributes(entry);
    if (entry.isLink()) {
      String target = entry.getLinkName();
      tree.link(path, checked(target.startsWith("/") ? target.substring(1) : target), layer);
      return;
    }
    if (entry.isCharacterDevice() && entry.getDevMajor() == 0 && entry.getDevMinor() == 0) {
      leftOut.add("devices numbered 0:0, which are whiteouts to overlayfs");
      tree.whiteOut(path, layer);
      return;
    }
    Node node =
        switch (entry.getLinkFlag()) {
          case TarConstants.LF_DIR -> new Node.Folder(attributes);
          case TarConstants.LF_SYMLINK ->
              new Node.SymbolicLink(attributes, linkTarget(path, entry.getLinkName()));
          case TarConstants.LF_CHR -> special(attributes, Node.Special.CHARACTER, entry);
          case TarConstants.LF_BLK -> special(attributes, Node.Special.BLOCK, entry);
          case TarConstants.LF_FIFO -> special(attributes, Node.Special.PIPE, entry);
          case TarConstants.LF_NORMAL, TarConstants.LF_OLDNORM, TarConstants.LF_CONTIG ->
              entry.isDirectory()
                  ? new Node.Folder(attributes)
                  : file(attributes, entry, content, files);
          default -> {
            if (!entry.isFile()) {
              throw new ImageException(
                  "The image holds %s, which is of an unknown kind.".formatted(path));
            }
            yield file(attributes, entry, content, files);
          }
        };
    tree.put(path, node, layer);
  }

  private Node file(
      Attributes attributes, TarArchiveEntry entry, InputStream content, LayerFiles files)
      throws IOException, ImageException {
    if (entry.getRealSize() > limits.bytes()) {
      throw new ImageException(
          "The image holds %s with %d bytes; %d are possible."
              .formatted(entry.getName(), entry.getRealSize(), limits.bytes()));
    }
    return files.add(attributes, new BoundedStream(content, limits.bytes()), entry.getRealSize());
  }

  private Node special(Attributes attributes, int type, TarArchiveEntry entry)
      throws ImageException {
    int major = type == Node.Special.PIPE ? 0 : entry.getDevMajor();
    int minor = type == Node.Special.PIPE ? 0 : entry.getDevMinor();
    // 12 and 20 bits are what Linux keeps.
    if ((major & ~0xFFF) != 0 || (minor & ~0xF_FFFF) != 0) {
      throw new ImageException(
          "The image holds the device %s numbered %d:%d, which there is not."
              .formatted(entry.getName(), major, minor));
    }
    leftOut.add("device nodes and pipes, in the folder for a container");
    return new Node.Special(attributes, type, major, minor);
  }

  private Attributes attributes(TarArchiveEntry entry) throws ImageException {
    return new Attributes(
        entry.getMode() & 07777,
        id(entry.getName(), entry.getLongUserId()),
        id(entry.getName(), entry.getLongGroupId()),
        modified(entry),
        extended(entry));
  }

  private Map<String, String> extended(TarArchiveEntry entry) {
    Map<String, String> extended = new TreeMap<>();
    for (Map.Entry<String, String> header : entry.getExtraPaxHeaders().entrySet()) {
      if (!header.getKey().startsWith(EXTENDED)) {
        continue;
      }
      String name = header.getKey().substring(EXTENDED.length());
      byte[] value = header.getValue().getBytes(StandardCharsets.UTF_8);
      if (name.isEmpty()
          || name.length() > LONGEST_ATTRIBUTE
          || value.length > LARGEST_ATTRIBUTE
          || name.startsWith(OVERLAYFS)) {
        leftOut.add("extended attributes that are too long, or overlayfs's own");
      } else if (header.getValue().indexOf('\uFFFD') >= 0) {
        // Commons Compress takes values for text.
        leftOut.add("extended attributes whose values are no UTF-8 text");
      } else {
        leftOut.add("extended attributes, in the folder for a container");
        extended.put(name, new String(value, StandardCharsets.ISO_8859_1));
      }
    }
    return extended;
  }

  private static long modified(TarArchiveEntry entry) {
    Date date = entry.getLastModifiedDate();
    return Math.clamp(date.getTime() / 1000, 0, 0xFFFF_FFFFL);
  }

  private static int id(String path, long id) throws ImageException {
    if (id < 0 || id > Integer.MAX_VALUE) {
      throw new ImageException("The image gives %s to user or group %d.".formatted(path, id));
    }
    return (int) id;
  }

  private static String linkTarget(String path, String target) throws ImageException {
    if (target.isEmpty() || target.length() > MAX_PATH || target.indexOf('\0') >= 0) {
      throw new ImageException("The image holds the malformed link %s.".formatted(path));
    }
    return target;
  }

  /** Returns a path without "." and trailing slashes; refuses one that is absolute or climbs. */
  private static String checked(String name) throws ImageException {
    // U+FFFD is what stands where a name's bytes were no UTF-8.
    boolean malformed = name.indexOf('\0') >= 0 || name.indexOf('\uFFFD') >= 0;
    if (name.startsWith("/") || malformed || name.length() > MAX_PATH) {
      throw new ImageException(
          "The image holds the absolute, malformed or too long path %s."
              .formatted(name.substring(0, Math.min(100, name.length()))));
    }
    StringBuilder path = new StringBuilder(name.length());
    for (String part : name.split("/")) {
      if (part.equals("..")) {
        throw new ImageException("The image holds the path %s, which climbs.".formatted(name));
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.isEmpty() ? "" : "/").append(part);
      }
    }
    return path.toString();
  }
}
