package org.vivarium.images.deb;

import io.airlift.compress.v3.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Makes Debian packages by hand, also such as nobody would make. */
public final class DebFixture {
  private final Map<TarArchiveEntry, byte[]> entries = new LinkedHashMap<>();

  /** An empty package. */
  public DebFixture() {}

  public DebFixture file(String path, byte[] content) {
    TarArchiveEntry entry = new TarArchiveEntry(path, true);
    entry.setSize(content.length);
    entries.put(entry, content);
    return this;
  }

  public DebFixture file(String path, String content) {
    return file(path, content.getBytes(StandardCharsets.UTF_8));
  }

  DebFixture special(String path, byte type, String target) {
    TarArchiveEntry entry = new TarArchiveEntry(path, type, true);
    entry.setLinkName(target);
    entries.put(entry, new byte[0]);
    return this;
  }

  byte[] tar() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes)) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      for (Map.Entry<TarArchiveEntry, byte[]> entry : entries.entrySet()) {
        tar.putArchiveEntry(entry.getKey());
        tar.write(entry.getValue());
        tar.closeArchiveEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The package, with its files compressed as the suffix says: "", ".xz", ".zst", ".gz". */
  public byte[] deb(String suffix) {
    return ar("2.0\n", "data.tar" + suffix, compress(suffix, tar()));
  }

  static byte[] ar(String format, String member, byte[] data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ArArchiveOutputStream ar = new ArArchiveOutputStream(bytes)) {
      put(ar, "debian-binary", format.getBytes(StandardCharsets.US_ASCII));
      put(ar, "control.tar.xz", new byte[] {1, 2, 3});
      put(ar, member, data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void put(ArArchiveOutputStream ar, String name, byte[] data) throws IOException {
    ar.putArchiveEntry(new ArArchiveEntry(name, data.length));
    ar.write(data);
    ar.closeArchiveEntry();
  }

  public static byte[] compress(String suffix, byte[] data) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        switch (suffix) {
          case ".xz" -> new XZOutputStream(bytes, new LZMA2Options(1));
          case ".zst" -> new ZstdOutputStream(bytes);
          case ".gz" -> new GZIPOutputStream(bytes);
          default -> bytes;
        }) {
      out.write(data);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  static byte device() {
    return TarConstants.LF_CHR;
  }
}
