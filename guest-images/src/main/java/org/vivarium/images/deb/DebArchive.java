package org.vivarium.images.deb;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.tukaani.xz.XZInputStream;
import org.vivarium.images.ImageException;
import org.vivarium.images.io.BoundedStream;

/**
 * Reads the file tree of a Debian binary package (deb(5)): an ar archive whose member data.tar,
 * compressed with xz, zstd or gzip, holds the files.
 *
 * <p>The package is untrusted. It is streamed, never unpacked to disk by its own names, and reading
 * stops with an {@link ImageException} at the first entry that is absolute, leaves the root, is of
 * a kind that packages do not hold, or exceeds a {@link Limits limit}.
 */
public final class DebArchive {
  /** Memory that the xz decoder may take, KiB: Debian's packages need 65 MiB at most. */
  private static final int XZ_MEMORY_KIB = 128 << 10;

  private DebArchive() {}

  /**
   * How much a package may hold.
   *
   * @param entries number of entries
   * @param fileBytes bytes of one file, unpacked
   * @param totalBytes bytes of the whole data.tar, unpacked
   */
  public record Limits(int entries, long fileBytes, long totalBytes) {
    /** Enough for the largest kernel package, far below what would fill a disk. */
    public static final Limits DEFAULT = new Limits(100_000, 512L << 20, 4L << 30);
  }

  /** Receives the entries of a package, in their order. */
  @FunctionalInterface
  public interface Visitor {
    /**
     * Called once for each entry.
     *
     * @param content the bytes of a file, to be read or left; empty for other kinds
     */
    void visit(DebEntry entry, InputStream content) throws IOException, ImageException;
  }

  /**
   * Hands every entry of a package to a visitor.
   *
   * @throws ImageException if the file is not a package, is damaged, or breaks a rule above
   */
  public static void read(Path deb, Limits limits, Visitor visitor) throws ImageException {
    try (InputStream file = new BufferedInputStream(Files.newInputStream(deb), 1 << 16);
        ArArchiveInputStream ar = new ArArchiveInputStream(file)) {
      readMembers(deb, ar, limits, visitor);
    } catch (IOException | RuntimeException e) {
      // The decoders of archives answer some damage with unchecked exceptions.
      throw new ImageException(
          "Cannot read the package %s: it is damaged or cut short (%s); delete it and try again."
              .formatted(deb, e.getMessage()),
          e);
    }
  }

  private static void readMembers(Path deb, ArArchiveInputStream ar, Limits limits, Visitor visitor)
      throws IOException, ImageException {
    ArArchiveEntry member = ar.getNextEntry();
    if (member == null || !member.getName().equals("debian-binary")) {
      throw new ImageException("The file %s is not a Debian package.".formatted(deb));
    }
    String format = new String(ar.readNBytes(16), StandardCharsets.US_ASCII);
    if (!format.startsWith("2.")) {
      throw new ImageException(
          "The package %s has format %s, but only format 2 is known."
              .formatted(deb, format.strip()));
    }
    while ((member = ar.getNextEntry()) != null) {
      if (member.getName().startsWith("data.tar")) {
        InputStream packed = new WholeStream(ar, member.getSize());
        InputStream data = decompress(deb, member.getName(), packed);
        InputStream bounded = new BoundedStream(data, limits.totalBytes());
        readTar(deb, bounded, limits, visitor);
        // What follows the last file are checksums: reading to the end has them checked.
        bounded.transferTo(OutputStream.nullOutputStream());
        packed.transferTo(OutputStream.nullOutputStream());
        return;
      }
    }
    throw new ImageException("The package %s holds no data.tar.".formatted(deb));
  }

  private static InputStream decompress(Path deb, String member, InputStream in)
      throws IOException, ImageException {
    return switch (member) {
      case "data.tar" -> in;
      case "data.tar.xz" -> new XZInputStream(in, XZ_MEMORY_KIB);
      case "data.tar.zst" -> new ZstdInputStream(in);
      case "data.tar.gz" -> new GZIPInputStream(in, 1 << 16);
      default ->
          throw new ImageException(
              "The package %s is compressed in an unknown way (%s).".formatted(deb, member));
    };
  }

  private static void readTar(Path deb, InputStream data, Limits limits, Visitor visitor)
      throws IOException, ImageException {
    TarArchiveInputStream tar = new TarArchiveInputStream(data);
    int entries = 0;
    TarArchiveEntry entry;
    while ((entry = tar.getNextEntry()) != null) {
      if (++entries > limits.entries()) {
        throw new ImageException(
            "The package %s holds more than %d files.".formatted(deb, limits.entries()));
      }
      DebEntry checked = check(deb, entry, limits);
      if (!checked.path().isEmpty()) {
        visitor.visit(checked, tar);
      }
    }
  }

  private static DebEntry check(Path deb, TarArchiveEntry entry, Limits limits)
      throws ImageException {
    String path = normalise(deb, entry.getName());
    int mode = entry.getMode() & 07777;
    if (entry.isDirectory()) {
      return new DebEntry(path, DebEntry.Kind.DIRECTORY, 0, "", mode);
    }
    if (path.isEmpty()) {
      throw new ImageException("The package %s replaces its own root.".formatted(deb));
    }
    if (entry.isSymbolicLink()) {
      checkLink(deb, path, entry.getLinkName());
      return new DebEntry(path, DebEntry.Kind.SYMBOLIC_LINK, 0, entry.getLinkName(), mode);
    }
    if (entry.isLink()) {
      String target = normalise(deb, entry.getLinkName());
      return new DebEntry(path, DebEntry.Kind.HARD_LINK, 0, target, mode);
    }
    if (!isPlainFile(entry)) {
      throw new ImageException(
          "The package %s holds %s, which is neither a file, a folder nor a link."
              .formatted(deb, path));
    }
    if (entry.getSize() < 0 || entry.getSize() > limits.fileBytes()) {
      throw new ImageException(
          "The package %s holds %s with %d bytes, more than the limit of %d."
              .formatted(deb, path, entry.getSize(), limits.fileBytes()));
    }
    return new DebEntry(path, DebEntry.Kind.FILE, entry.getSize(), "", mode);
  }

  private static boolean isPlainFile(TarArchiveEntry entry) {
    byte type = entry.getLinkFlag();
    return (type == TarConstants.LF_NORMAL || type == TarConstants.LF_OLDNORM) && !entry.isSparse();
  }

  /** Returns the path without "." components; refuses one that is absolute or climbs. */
  private static String normalise(Path deb, String name) throws ImageException {
    if (name.startsWith("/") || name.indexOf('\0') >= 0) {
      throw new ImageException(
          "The package %s holds the absolute or malformed path %s.".formatted(deb, name));
    }
    StringBuilder path = new StringBuilder(name.length());
    for (String part : name.split("/", -1)) {
      if (part.equals("..")) {
        throw new ImageException("The package %s holds the path %s.".formatted(deb, name));
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.isEmpty() ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  /** Refuses a relative link that climbs above the root; an absolute one is the guest's own. */
  private static void checkLink(Path deb, String path, String target) throws ImageException {
    if (target.startsWith("/")) {
      return;
    }
    int depth = (int) path.chars().filter(c -> c == '/').count();
    for (String part : target.split("/", -1)) {
      if (part.equals("..")) {
        depth--;
      } else if (!part.isEmpty() && !part.equals(".")) {
        depth++;
      }
      if (depth < 0) {
        throw new ImageException(
            "The package %s holds the link %s to %s, outside of it.".formatted(deb, path, target));
      }
    }
  }
}
