package org.vivarium.vmm.boot;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.vivarium.vmm.InvalidConfigException;
import org.vivarium.vmm.arch.X86Layout;

/**
 * The checked headers of a 64-bit ELF kernel (System V ABI, chapter 4 and 5).
 *
 * @param segments what is loaded, ascending by address, not overlapping, inside the addresses that
 *     a kernel may use
 * @param notes where notes stand in the file
 */
record ElfImage(List<Segment> segments, List<Notes> notes) {
  private static final int HEADER_SIZE = 64;
  private static final int PROGRAM_HEADER_SIZE = 56;
  private static final int SECTION_HEADER_SIZE = 64;
  private static final int MAGIC = 0x464C_457F; // 0x7F "ELF"
  private static final int CLASS_64 = 2;
  private static final int LITTLE_ENDIAN = 1;
  private static final int TYPE_EXECUTABLE = 2;
  private static final int TYPE_SHARED = 3;
  private static final int MACHINE_X86_64 = 62;
  private static final int PT_LOAD = 1;
  private static final int PT_NOTE = 4;
  private static final int SHT_NOTE = 7;
  private static final int MOST_PROGRAM_HEADERS = 256;
  private static final int MOST_SECTIONS = 4096;
  private static final int MOST_NOTE_BYTES = 1 << 20;

  /**
   * A loadable segment.
   *
   * @param position first byte in the file
   * @param fileSize bytes in the file
   * @param address guest physical address
   * @param memorySize bytes in memory, the rest zero
   */
  record Segment(long position, long fileSize, long address, long memorySize) {
    /** First address after the segment. */
    long end() {
      return address + memorySize;
    }
  }

  /**
   * A run of notes.
   *
   * @param position first byte in the file
   * @param size bytes
   * @param alignment of names and descriptors, 4 or 8
   */
  record Notes(long position, int size, int alignment) {}

  /** Whether a file that starts so is meant to be an ELF file. */
  static boolean recognises(ByteBuffer start) {
    return start.limit() >= Integer.BYTES && start.getInt(0) == MAGIC;
  }

  /**
   * Reads and checks the headers.
   *
   * @throws InvalidConfigException if it is no x86-64 kernel or is damaged
   */
  static ElfImage read(BootImage kernel) throws InvalidConfigException {
    if (kernel.size() < HEADER_SIZE) {
      throw damaged(kernel, "it ends inside its ELF header");
    }
    ByteBuffer header = kernel.copy(0, HEADER_SIZE);
    int type = header.getShort(16);
    if (header.get(4) != CLASS_64
        || header.get(5) != LITTLE_ENDIAN
        || header.getShort(18) != MACHINE_X86_64
        || (type != TYPE_EXECUTABLE && type != TYPE_SHARED)) {
      throw new InvalidConfigException(
          kernel.label() + ": it is not an x86-64 ELF program; use a kernel for this processor.");
    }
    int count = Short.toUnsignedInt(header.getShort(56));
    if (count == 0 || count > MOST_PROGRAM_HEADERS) {
      throw damaged(
          kernel, "it has %d program headers, not 1 to %d".formatted(count, MOST_PROGRAM_HEADERS));
    }
    if (header.getShort(54) != PROGRAM_HEADER_SIZE) {
      throw damaged(kernel, "its program headers are not of 56 bytes");
    }
    long table = header.getLong(32);
    requireInFile(kernel, table, (long) count * PROGRAM_HEADER_SIZE, "its program header table");
    ByteBuffer headers = kernel.copy(table, count * PROGRAM_HEADER_SIZE);
    List<Segment> segments = new ArrayList<>();
    List<Notes> notes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      ByteBuffer entry = headers.slice(i * PROGRAM_HEADER_SIZE, PROGRAM_HEADER_SIZE);
      readProgramHeader(kernel, entry.order(headers.order()), i, segments, notes);
    }
    if (notes.isEmpty()) {
      readNoteSections(kernel, header, notes);
    }
    return new ElfImage(inOrder(kernel, segments), List.copyOf(notes));
  }

  /** First address that no segment reaches. */
  long end() {
    return segments.getLast().end();
  }

  /** Whether a segment holds the address. */
  boolean contains(long address) {
    return segments.stream().anyMatch(s -> address >= s.address() && address < s.end());
  }

  private static void readProgramHeader(
      BootImage kernel, ByteBuffer entry, int index, List<Segment> segments, List<Notes> notes)
      throws InvalidConfigException {
    int type = entry.getInt(0);
    long position = entry.getLong(8);
    long fileSize = entry.getLong(32);
    if (type == PT_NOTE) {
      notes.add(notes(kernel, position, fileSize, entry.getLong(48)));
    }
    long memorySize = entry.getLong(40);
    if (type != PT_LOAD || memorySize == 0) {
      return;
    }
    String what = "its segment " + index;
    requireInFile(kernel, position, fileSize, what);
    long address = entry.getLong(24);
    if (Long.compareUnsigned(fileSize, memorySize) > 0) {
      throw damaged(kernel, what + " is larger in the file than in memory");
    }
    if (address < X86Layout.EXTENDED_MEMORY
        || address > X86Layout.LOW_RAM_MAX
        || Long.compareUnsigned(memorySize, X86Layout.LOW_RAM_MAX - address) > 0) {
      throw damaged(
          kernel,
          "%s (0x%x, 0x%x bytes) is not between 1 MiB and 3 GiB"
              .formatted(what, address, memorySize));
    }
    segments.add(new Segment(position, fileSize, address, memorySize));
  }

  private static List<Segment> inOrder(BootImage kernel, List<Segment> segments)
      throws InvalidConfigException {
    if (segments.isEmpty()) {
      throw damaged(kernel, "it has no segment to load");
    }
    segments.sort(Comparator.comparingLong(Segment::address));
    for (int i = 1; i < segments.size(); i++) {
      if (segments.get(i).address() < segments.get(i - 1).end()) {
        throw damaged(kernel, "two segments overlap at 0x%x".formatted(segments.get(i).address()));
      }
    }
    return List.copyOf(segments);
  }

  /** Some linkers leave PT_NOTE out; the section headers then tell where the notes are. */
  private static void readNoteSections(BootImage kernel, ByteBuffer header, List<Notes> notes)
      throws InvalidConfigException {
    int count = Short.toUnsignedInt(header.getShort(60));
    if (count == 0 || count > MOST_SECTIONS || header.getShort(58) != SECTION_HEADER_SIZE) {
      return;
    }
    long table = header.getLong(40);
    requireInFile(kernel, table, (long) count * SECTION_HEADER_SIZE, "its section header table");
    ByteBuffer headers = kernel.copy(table, count * SECTION_HEADER_SIZE);
    for (int at = 0; at < headers.limit(); at += SECTION_HEADER_SIZE) {
      if (headers.getInt(at + 4) == SHT_NOTE) {
        notes.add(
            notes(
                kernel,
                headers.getLong(at + 24),
                headers.getLong(at + 32),
                headers.getLong(at + 48)));
      }
    }
  }

  private static Notes notes(BootImage kernel, long position, long size, long alignment)
      throws InvalidConfigException {
    requireInFile(kernel, position, size, "its notes");
    if (size > MOST_NOTE_BYTES) {
      throw damaged(kernel, "its notes have %d bytes, over 1 MiB".formatted(size));
    }
    return new Notes(position, (int) size, alignment == 8 ? 8 : 4);
  }

  private static void requireInFile(BootImage kernel, long position, long size, String what)
      throws InvalidConfigException {
    if (position < 0 || size < 0 || position > kernel.size() || size > kernel.size() - position) {
      throw damaged(
          kernel,
          "%s (0x%x bytes at 0x%x) does not lie in the file's %d bytes"
              .formatted(what, size, position, kernel.size()));
    }
  }

  static InvalidConfigException damaged(BootImage kernel, String finding) {
    return new InvalidConfigException(
        "%s: %s; the file is damaged or cut off, get it again.".formatted(kernel.label(), finding));
  }
}
