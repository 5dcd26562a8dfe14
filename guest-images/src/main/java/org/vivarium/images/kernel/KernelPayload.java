package org.vivarium.images.kernel;

import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import org.vivarium.images.ImageException;

/**
 * Takes the uncompressed kernel, an ELF file, out of a bzImage, so that the guest need not
 * decompress itself (The Linux/x86 Boot Protocol, payload_offset and payload_length).
 *
 * <p>The image is untrusted: what its header says is checked, and nothing larger than its own
 * init_size is ever made.
 */
public final class KernelPayload {
  /** Offsets in the setup header (The Linux/x86 Boot Protocol, "The Real-Mode Kernel Header"). */
  private static final int SETUP_SECTS = 0x1f1;

  private static final int HEADER_MAGIC = 0x202;
  private static final int VERSION = 0x206;
  private static final int PAYLOAD_OFFSET = 0x248;
  private static final int PAYLOAD_LENGTH = 0x24c;
  private static final int INIT_SIZE = 0x260;
  private static final int HEADER_END = 0x264;

  /** "HdrS". */
  private static final int MAGIC = 0x53726448;

  /** init_size came with version 2.10. */
  private static final int MIN_VERSION = 0x20a;

  private static final int SECTOR = 512;
  private static final int ELF_MAGIC = 0x464c457f;

  /** No kernel needs more; it bounds what a lying init_size can make us allocate. */
  private static final int MAX_SIZE = 512 << 20;

  /** A window descriptor: exponent 13 (2^(10+13) bytes) in the upper five bits, mantissa 0. */
  private static final int ZSTD_WINDOW_8_MIB = 13 << 3;

  private KernelPayload() {}

  /** How a kernel is compressed, told by the payload's first bytes. */
  private enum Format {
    GZIP,
    XZ,
    LZ4,
    ZSTD
  }

  /**
   * Returns the ELF file in a bzImage.
   *
   * @param bzImage the whole image
   * @throws ImageException if it is not a bzImage, is damaged, or is compressed in another way
   */
  public static byte[] vmlinux(byte[] bzImage) throws ImageException {
    ByteBuffer image = ByteBuffer.wrap(bzImage).order(ByteOrder.LITTLE_ENDIAN);
    if (bzImage.length < HEADER_END
        || image.getInt(HEADER_MAGIC) != MAGIC
        || Short.toUnsignedInt(image.getShort(VERSION)) < MIN_VERSION) {
      throw new ImageException("The kernel is not a bzImage of boot protocol 2.10 or later.");
    }
    int setup = image.get(SETUP_SECTS) & 0xFF;
    long start =
        (setup == 0 ? 5L : setup + 1L) * SECTOR
            + Integer.toUnsignedLong(image.getInt(PAYLOAD_OFFSET));
    long end = start + Integer.toUnsignedLong(image.getInt(PAYLOAD_LENGTH));
    if (end > bzImage.length || end - start < 16) {
      throw new ImageException("The kernel is cut short: its payload ends beyond the file.");
    }
    // The build appends the size of the unpacked kernel to the compressed one.
    long size = Integer.toUnsignedLong(image.getInt((int) end - 4));
    long initSize = Integer.toUnsignedLong(image.getInt(INIT_SIZE));
    if (size > Math.min(initSize, MAX_SIZE) || size < 64) {
      throw new ImageException(
          "The kernel is damaged: its payload claims %d bytes, but init_size is %d."
              .formatted(size, initSize));
    }
    byte[] elf =
        unpack(bzImage, format(image, (int) start), (int) start, (int) end - 4, (int) size);
    if (ByteBuffer.wrap(elf).order(ByteOrder.LITTLE_ENDIAN).getInt(0) != ELF_MAGIC) {
      throw new ImageException("The kernel's payload is not an ELF file.");
    }
    return elf;
  }

  private static Format format(ByteBuffer image, int start) throws ImageException {
    int magic = image.getInt(start);
    if ((magic & 0xFFFF) == 0x8b1f) {
      return Format.GZIP;
    }
    return switch (magic) {
      case 0x587a37fd -> Format.XZ;
      case Lz4Legacy.MAGIC -> Format.LZ4;
      case 0xfd2fb528 -> Format.ZSTD;
      default ->
          throw new ImageException(
              "The kernel is compressed in an unknown way (magic 0x%08x).".formatted(magic));
    };
  }

  private static byte[] unpack(byte[] image, Format format, int start, int end, int size)
      throws ImageException {
    try {
      return switch (format) {
        // The size that gzip itself ends with serves the build too: nothing is appended.
        case GZIP -> {
          InputStream in = new ByteArrayInputStream(image, start, end + 4 - start);
          yield exactly(new GZIPInputStream(in), size);
        }
        case XZ -> exactly(Unpack.xz(image, start, end - start), size);
        case LZ4 -> Lz4Legacy.decode(image, start + 4, end, size);
        case ZSTD -> zstd(Arrays.copyOfRange(image, start, end), size);
      };
    } catch (IOException | RuntimeException e) {
      // The decoders answer some damage with unchecked exceptions.
      throw new ImageException(
          "The kernel is damaged: its payload cannot be unpacked (%s).".formatted(e.getMessage()),
          e);
    }
  }

  /**
   * Decodes one frame (RFC 8878, 3.1.1).
   *
   * <p>The kernel build asks for a window of 128 MiB, which the decoder refuses because a decoder
   * of streams would have to buffer that much. Ours has the whole output for a window, so one of 8
   * MiB is declared instead, in the frame's window descriptor.
   */
  private static byte[] zstd(byte[] frame, int size) throws IOException {
    boolean singleSegment = (frame[4] & 0x20) != 0;
    if (!singleSegment) {
      frame[5] = (byte) Math.min(frame[5] & 0xFF, ZSTD_WINDOW_8_MIB);
    }
    byte[] out = new byte[size];
    int made = new ZstdJavaDecompressor().decompress(frame, 0, frame.length, out, 0, size);
    if (made != size) {
      throw new IOException("unpacks to " + made + " bytes instead of " + size);
    }
    return out;
  }

  private static byte[] exactly(InputStream in, int size) throws IOException {
    byte[] bytes = in.readNBytes(size);
    if (bytes.length != size || in.read() >= 0) {
      throw new IOException("does not unpack to the " + size + " bytes that it claims");
    }
    return bytes;
  }
}
