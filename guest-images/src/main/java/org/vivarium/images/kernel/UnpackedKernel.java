package org.vivarium.images.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The header of a kernel that was taken out of its bzImage once, so that guests need not decompress
 * it at each start: what of it goes where, and which of its addresses move with it.
 *
 * <p>Such a file lies beside the bzImage that it was made of ({@link #beside}) and tells which one
 * that was. It holds one page of header, then runs of pages that are not all zero, then the
 * relocations; all little-endian. {@link KernelUnpacker} writes it. Addresses and sizes are bytes.
 *
 * @param physicalBase the physical address that the kernel is linked for, which what follows counts
 *     from
 * @param virtualBase the virtual address that stands there
 * @param size bytes of memory that it fills, to the end of its bss
 * @param entry where it is entered in 64-bit mode, from its start
 * @param runs what is not zero in it, ascending
 * @param relocations how its addresses move with it
 */
public record UnpackedKernel(
    long physicalBase,
    long virtualBase,
    long size,
    long entry,
    List<Run> runs,
    Relocations relocations) {
  /**
   * Bytes that are copied.
   *
   * @param offset where to, from the kernel's start
   * @param position where they stand in the file
   * @param length how many
   */
  public record Run(long offset, long position, long length) {}

  /**
   * Virtual addresses of words that a virtual move changes, as Linux' own decompressor knows them
   * (arch/x86/boot/compressed/misc.c, handle_relocations): 32 bits each, sign-extended, one list
   * after the other.
   *
   * @param position where they stand in the file
   * @param words64 addresses of 64-bit words, which the distance is added to
   * @param inverse32 addresses of 32-bit words, which it is taken from
   * @param words32 addresses of 32-bit words, which it is added to
   */
  public record Relocations(long position, int words64, int inverse32, int words32) {
    /** Bytes of all lists together. */
    public long length() {
      return ((long) words64 + inverse32 + words32) * Integer.BYTES;
    }
  }

  /** Bytes of the header, which the runs follow, each of them at a multiple of it. */
  public static final int PAGE = 4096;

  /** Bytes at the start of the bzImage that the header repeats, to know it again. */
  public static final int START_BYTES = 1024;

  /** Bytes at its end: its checksum, or a part of its signature. */
  public static final int END_BYTES = 64;

  private static final long MAGIC = 0x314C_4E52_4B56_4956L; // "VIVKRNL1"
  private static final int BASES = 8;
  private static final int SIZE = 24;
  private static final int ENTRY = 32;
  private static final int RELOCATIONS = 40;
  private static final int RUN_COUNT = 60;
  private static final int IMAGE_SIZE = 64;
  private static final int IMAGE_START = 128;
  private static final int IMAGE_END = IMAGE_START + START_BYTES;
  private static final int RUNS = IMAGE_END + END_BYTES;
  private static final int RUN_BYTES = 3 * Long.BYTES;
  private static final int MOST_RUNS = (PAGE - RUNS) / RUN_BYTES;

  /** No kernel needs more: KERNEL_IMAGE_SIZE, which addresses are randomised within. */
  public static final long MOST_SIZE = 1L << 30;

  /** Where the unpacked form of a kernel lies, if there is one. */
  public static Path beside(Path bzImage) {
    return bzImage.resolveSibling(bzImage.getFileName() + ".unpacked");
  }

  /**
   * Reads a header.
   *
   * @param header the file's first {@link #PAGE} bytes
   * @param fileSize bytes of the file
   * @return null if it is none, or names what the file does not hold
   */
  public static @Nullable UnpackedKernel read(ByteBuffer header, long fileSize) {
    ByteBuffer bytes = header.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.limit() < PAGE || bytes.getLong(0) != MAGIC) {
      return null;
    }
    long size = bytes.getLong(SIZE);
    long entry = bytes.getLong(ENTRY);
    int count = bytes.getInt(RUN_COUNT);
    if (size <= 0 || size > MOST_SIZE || entry < 0 || entry >= size) {
      return null;
    }
    if (count <= 0 || count > MOST_RUNS) {
      return null;
    }
    List<Run> runs = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int at = RUNS + i * RUN_BYTES;
      Run run = new Run(bytes.getLong(at), bytes.getLong(at + 8), bytes.getLong(at + 16));
      if (!lies(run.offset(), run.length(), size)
          || !lies(run.position(), run.length(), fileSize)) {
        return null;
      }
      runs.add(run);
    }
    Relocations relocations =
        new Relocations(
            bytes.getLong(RELOCATIONS),
            bytes.getInt(RELOCATIONS + 8),
            bytes.getInt(RELOCATIONS + 12),
            bytes.getInt(RELOCATIONS + 16));
    if (relocations.words64() < 0
        || relocations.inverse32() < 0
        || relocations.words32() < 0
        || !lies(relocations.position(), relocations.length(), fileSize)) {
      return null;
    }
    return new UnpackedKernel(
        bytes.getLong(BASES), bytes.getLong(BASES + 8), size, entry, runs, relocations);
  }

  /**
   * Makes the header.
   *
   * @param bzImage that the kernel was taken out of, at least {@link #START_BYTES}
   * @return {@link #PAGE} bytes
   * @throws IllegalArgumentException if there are more runs than it has room for
   */
  public ByteBuffer header(byte[] bzImage) {
    if (runs.isEmpty() || runs.size() > MOST_RUNS) {
      throw new IllegalArgumentException("A kernel in %d pieces".formatted(runs.size()));
    }
    ByteBuffer header = ByteBuffer.allocate(PAGE).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(0, MAGIC);
    header.putLong(BASES, physicalBase).putLong(BASES + 8, virtualBase);
    header.putLong(SIZE, size).putLong(ENTRY, entry);
    header.putLong(RELOCATIONS, relocations.position());
    header.putInt(RELOCATIONS + 8, relocations.words64());
    header.putInt(RELOCATIONS + 12, relocations.inverse32());
    header.putInt(RELOCATIONS + 16, relocations.words32());
    header.putLong(IMAGE_SIZE, bzImage.length);
    header.put(IMAGE_START, bzImage, 0, START_BYTES);
    header.put(IMAGE_END, bzImage, bzImage.length - END_BYTES, END_BYTES);
    header.putInt(RUN_COUNT, runs.size());
    for (int i = 0; i < runs.size(); i++) {
      Run run = runs.get(i);
      int at = RUNS + i * RUN_BYTES;
      header.putLong(at, run.offset()).putLong(at + 8, run.position());
      header.putLong(at + 16, run.length());
    }
    return header;
  }

  /**
   * Whether a header is of the unpacked form of this very bzImage.
   *
   * @param header as for {@link #read}
   * @param imageSize bytes of the bzImage
   * @param start its first {@link #START_BYTES}
   * @param end its last {@link #END_BYTES}
   */
  public static boolean isOf(ByteBuffer header, long imageSize, ByteBuffer start, ByteBuffer end) {
    return header.duplicate().order(ByteOrder.LITTLE_ENDIAN).getLong(IMAGE_SIZE) == imageSize
        && header.slice(IMAGE_START, START_BYTES).equals(start.slice(0, START_BYTES))
        && header.slice(IMAGE_END, END_BYTES).equals(end.slice(0, END_BYTES));
  }

  private static boolean lies(long position, long length, long size) {
    return position >= 0 && length >= 0 && position <= size && length <= size - position;
  }
}
