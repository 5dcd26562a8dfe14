package org.vivarium.images.kernel;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.SingleXZInputStream;

/** Decompresses whole buffers within bounds. */
final class Unpack {
  /** The kernel build uses dictionaries of up to 128 MiB. */
  private static final int XZ_MEMORY_KIB = 256 << 10;

  private Unpack() {}

  /** Opens an xz stream; what follows it in the buffer is left alone. */
  static InputStream xz(byte[] data, int offset, int length) throws IOException {
    return new SingleXZInputStream(new ByteArrayInputStream(data, offset, length), XZ_MEMORY_KIB);
  }

  /**
   * Returns a kernel module's ELF file.
   *
   * @param name its file name, which tells how it is compressed
   * @param limit bytes that it may have, unpacked
   * @throws IOException if it is damaged or larger
   */
  static byte[] module(String name, byte[] data, int limit) throws IOException {
    if (name.endsWith(".ko")) {
      return data;
    }
    try (InputStream in = open(name, data)) {
      byte[] unpacked = in.readNBytes(limit);
      if (in.read() >= 0) {
        throw new IOException("more than " + limit + " bytes unpacked");
      }
      return unpacked;
    } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
      // The decoders answer some damage with unchecked exceptions.
      throw new IOException("damaged data", e);
    }
  }

  private static InputStream open(String name, byte[] data) throws IOException {
    if (name.endsWith(".xz")) {
      return xz(data, 0, data.length);
    }
    if (name.endsWith(".zst")) {
      return new ZstdInputStream(new ByteArrayInputStream(data));
    }
    return new GZIPInputStream(new ByteArrayInputStream(data));
  }
}
